import type { Customer } from '@kefu/sdk'
import type { ComposerTranslation } from 'vue-i18n'

import { exactTime } from '../../table/time.ts'
import type { Column } from '../../table/types.ts'

/** The columns of customers; only a list that can be ordered names orders. */
export function customerColumns(t: ComposerTranslation, sortable: boolean): Column<Customer>[] {
  const sort = (key: string) => (sortable ? key : undefined)
  return [
    { key: 'name', label: t('admin.customer.name'), text: (c) => c.name, sort: sort('name') },
    { key: 'phone', label: t('admin.customer.phone'), text: (c) => c.phone },
    { key: 'institution', label: t('admin.customer.institution'), text: (c) => c.institution },
    { key: 'position', label: t('admin.customer.position'), text: (c) => c.position, optional: true },
    { key: 'region', label: t('admin.customer.region'), text: (c) => c.region, optional: true },
    { key: 'level', label: t('admin.customer.level'), text: (c) => t(`admin.level.${c.level}`) },
    { key: 'archive', label: t('admin.customer.archive'), text: (c) => t(`admin.archive.${c.archiveStatus}`) },
    { key: 'sessions', label: t('admin.customer.sessions'), text: (c) => String(c.sessionCount), figure: true },
    {
      key: 'last',
      label: t('admin.customer.last'),
      text: (c) => exactTime(c.lastSessionTime),
      sort: sort('lastSessionTime'),
    },
    {
      key: 'created',
      label: t('admin.customer.created'),
      text: (c) => exactTime(c.createTime),
      sort: sort('createTime'),
      optional: sortable,
    },
    { key: 'remark', label: t('admin.customer.remark'), text: (c) => c.remark, optional: true },
  ]
}
