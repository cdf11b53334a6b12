import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'

import { adminRoutes } from '../admin/routes.ts'
import { useAuth } from './auth.ts'
import { kefu } from './kefu.ts'
import { Permission } from '@kefu/sdk'

declare module 'vue-router' {
  interface RouteMeta {
    /** Reached without a login. */
    public?: boolean
    /** The permission that the page needs; without it everybody signed in may see the page. */
    permission?: string
    /** The key of the page's title. */
    title?: string
  }
}

/** The pages. Each is loaded when it is first opened. */
export const router = createRouter({
  history: createWebHistory(import.meta.env.BASE_URL),
  routes: [
    {
      path: '/login',
      component: () => import('./login/LoginPage.vue'),
      meta: { public: true, title: 'app.login.title' },
    },
    {
      path: '/change-password',
      component: () => import('./login/ChangePasswordPage.vue'),
      meta: { title: 'app.password.title' },
    },
    {
      path: '/',
      component: () => import('./shell/AppShell.vue'),
      children: [
        // No redirect: that would be chosen before the login, when nobody may do anything yet.
        { path: '', component: () => import('./shell/NotFoundPage.vue'), beforeEnter: () => home() },
        {
          path: 'workbench/:sessionId?',
          component: () => import('../workbench/WorkbenchPage.vue'),
          meta: { permission: Permission.AGENT_SERVE, title: 'app.rail.workbench' },
        },
        {
          path: 'board',
          component: () => import('../board/BoardPage.vue'),
          meta: { permission: Permission.SESSION_ASSIGN, title: 'app.rail.board' },
        },
        ...adminRoutes,
        {
          path: ':rest(.*)*',
          component: () => import('./shell/NotFoundPage.vue'),
          meta: { title: 'app.notFound.title' },
        },
      ],
    },
  ],
})

/** Where somebody begins: at the desk, at the board, or at the rest. */
export function home(): string {
  const auth = useAuth()
  if (auth.may(Permission.AGENT_SERVE)) return '/workbench'
  return auth.may(Permission.SESSION_ASSIGN) ? '/board' : '/admin'
}

router.beforeEach(async (to) => {
  const auth = useAuth()
  if (kefu.signedIn && !auth.user) {
    // Without an answer the shell shows what is wrong, with a retry.
    await auth.load().catch(() => undefined)
  }
  if (!kefu.signedIn) return to.meta.public ? true : toLogin(to)
  if (auth.user?.mustChangePassword)
    return to.path === '/change-password' ? true : { path: '/change-password', query: to.query }
  if (to.path === '/login' && auth.user) return next(to) ?? home()
  return true
})

function toLogin(to: RouteLocationNormalized) {
  return { path: '/login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
}

/** Where to go after the login: a page of this console only, never another address. */
export function next(from: RouteLocationNormalized): string | undefined {
  const { next } = from.query
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : undefined
}

// A page's chunk is gone after an update of the server: the new one is loaded with the whole page, once in a while.
const RELOADED = 'kefu.console.reloaded'
router.onError((error: unknown, to) => {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0)
  if (!(error instanceof TypeError) || Date.now() - last < 10_000) throw error
  sessionStorage.setItem(RELOADED, String(Date.now()))
  location.assign(router.resolve(to.fullPath).href)
})
