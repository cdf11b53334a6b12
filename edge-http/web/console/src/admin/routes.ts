import type { RouteRecordRaw } from 'vue-router'

import { useAuth } from '../app/auth.ts'
import { SECTIONS, type Section } from './sections.ts'

const PAGES: Record<Section['name'], NonNullable<RouteRecordRaw['component']>> = {
  sessions: () => import('./session/SessionsPage.vue'),
  customers: () => import('./customer/CustomersPage.vue'),
  archiveReview: () => import('./customer/ArchiveRecordsPage.vue'),
  archiveHistory: () => import('./customer/ArchiveRecordsPage.vue'),
  pending: () => import('./customer/PendingArchivePage.vue'),
  quickReplies: () => import('./quick-reply/QuickRepliesPage.vue'),
  links: () => import('./link/LinksPage.vue'),
  teams: () => import('./team/TeamsPage.vue'),
  users: () => import('./user/UsersPage.vue'),
  roles: () => import('./user/RolesPage.vue'),
  settings: () => import('./settings/SettingsPage.vue'),
  sent: () => import('./notification/SentMessagesPage.vue'),
  log: () => import('./log/OperationLogPage.vue'),
  notifications: () => import('./notification/NotificationsPage.vue'),
  account: () => import('./account/AccountPage.vue'),
}

/** The pages of administration, children of the shell: paths without a leading slash. */
export const adminRoutes: RouteRecordRaw[] = [
  {
    path: 'admin',
    component: () => import('./AdminLayout.vue'),
    children: [
      {
        path: '',
        component: PAGES.account,
        // No redirect: that would be chosen before it is known what one may do.
        beforeEnter: () => SECTIONS.find((section) => useAuth().may(section.permission))?.path ?? '/admin/account',
      },
      ...SECTIONS.map(({ path, name, permission }) => ({
        path,
        component: PAGES[name],
        props: name === 'archiveReview' || name === 'archiveHistory' ? { review: name === 'archiveReview' } : false,
        meta: { permission, title: `admin.section.${name}` },
      })),
    ],
  },
]
