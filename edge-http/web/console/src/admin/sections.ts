import { Permission } from '@kefu/sdk'

/** A page of administration in its own navigation. */
export interface Section {
  path: string
  /** The key of its name, below `admin.section`. */
  name:
    | 'sessions'
    | 'customers'
    | 'pending'
    | 'archiveReview'
    | 'archiveHistory'
    | 'teams'
    | 'links'
    | 'users'
    | 'roles'
    | 'quickReplies'
    | 'sent'
    | 'notifications'
    | 'settings'
    | 'log'
    | 'account'
  group: 'service' | 'people' | 'system' | 'me'
  /** Who sees it; without one everybody. */
  permission?: string
}

/** The pages of administration in order. */
export const SECTIONS: readonly Section[] = [
  { path: '/admin/sessions', name: 'sessions', group: 'service', permission: Permission.SESSION_READ },
  { path: '/admin/customers', name: 'customers', group: 'service', permission: Permission.CUSTOMER_READ },
  { path: '/admin/pending-archive', name: 'pending', group: 'service', permission: Permission.CUSTOMER_READ },
  {
    path: '/admin/archive-review',
    name: 'archiveReview',
    group: 'service',
    permission: Permission.ARCHIVE_RECORD_REVIEW,
  },
  { path: '/admin/archive-history', name: 'archiveHistory', group: 'service', permission: Permission.CUSTOMER_READ },
  { path: '/admin/quick-replies', name: 'quickReplies', group: 'service', permission: Permission.QUICK_REPLY_READ },
  { path: '/admin/links', name: 'links', group: 'service', permission: Permission.LINK_READ },
  { path: '/admin/teams', name: 'teams', group: 'people', permission: Permission.TEAM_READ },
  { path: '/admin/users', name: 'users', group: 'people', permission: Permission.USER_READ },
  { path: '/admin/roles', name: 'roles', group: 'people', permission: Permission.ROLE_READ },
  { path: '/admin/settings', name: 'settings', group: 'system', permission: Permission.SETTINGS_READ },
  { path: '/admin/sent-messages', name: 'sent', group: 'system', permission: Permission.SENT_MESSAGE_READ },
  { path: '/admin/operation-log', name: 'log', group: 'system', permission: Permission.OPERATION_LOG_READ },
  { path: '/admin/notifications', name: 'notifications', group: 'me' },
  { path: '/admin/account', name: 'account', group: 'me' },
]
