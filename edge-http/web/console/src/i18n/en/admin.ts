import type zh from '../zh-CN/admin.ts'

const admin: typeof zh = {}

export default admin
