import type { RouteRecordRaw } from 'vue-router'

/** The pages of administration, children of the shell: paths without a leading slash. */
export const adminRoutes: RouteRecordRaw[] = []
