import type zh from '../zh-CN/customer.ts'

const customer: typeof zh = {
  field: {
    name: 'Name',
    phone: 'Mobile phone',
    institution: 'Institution',
    department: 'Department',
    position: 'Position',
    landline: 'Landline',
    email: 'E-mail',
    emergencyPhone: 'Emergency phone',
    institutionPhone: 'Telephone of the institution',
    region: 'Region',
    address: 'Address',
    creditCode: 'Social credit code',
    businessModules: 'In charge of',
    gender: 'Gender',
    level: 'Class',
    remark: 'Remark',
    team: 'Serving team',
    archive: 'Archive',
    sessions: 'Sessions',
    last: 'Last session',
    created: 'Registered',
  },
  gender: { GENDER_UNSPECIFIED: 'Unknown', MALE: 'Male', FEMALE: 'Female' },
  level: { LEVEL_UNSPECIFIED: '', NORMAL: 'Ordinary', VIP: 'VIP' },
}

export default customer
