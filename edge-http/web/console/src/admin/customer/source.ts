import type { Customer } from '@kefu/sdk'
import type { ComposerTranslation } from 'vue-i18n'

import { exactTime } from '../../table/time.ts'
import type { Column } from '../../table/types.ts'

/** The columns of customers; only a list that can be ordered names orders. */
export function customerColumns(t: ComposerTranslation, sortable: boolean): Column<Customer>[] {
  const sort = (key: string) => (sortable ? key : undefined)
  return [
    { key: 'name', label: t('customer.field.name'), text: (c) => c.name, sort: sort('name') },
    { key: 'phone', label: t('customer.field.phone'), text: (c) => c.phone },
    { key: 'institution', label: t('customer.field.institution'), text: (c) => c.institution },
    { key: 'position', label: t('customer.field.position'), text: (c) => c.position, optional: true },
    { key: 'region', label: t('customer.field.region'), text: (c) => c.region, optional: true },
    { key: 'level', label: t('customer.field.level'), text: (c) => t(`customer.level.${c.level}`) },
    { key: 'archive', label: t('customer.field.archive'), text: (c) => t(`admin.archive.${c.archiveStatus}`) },
    { key: 'sessions', label: t('customer.field.sessions'), text: (c) => String(c.sessionCount), figure: true },
    {
      key: 'last',
      label: t('customer.field.last'),
      text: (c) => exactTime(c.lastSessionTime),
      sort: sort('lastSessionTime'),
    },
    {
      key: 'created',
      label: t('customer.field.created'),
      text: (c) => exactTime(c.createTime),
      sort: sort('createTime'),
      optional: sortable,
    },
    { key: 'remark', label: t('customer.field.remark'), text: (c) => c.remark, optional: true },
  ]
}
