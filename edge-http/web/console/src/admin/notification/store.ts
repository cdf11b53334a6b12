import { Permission, type Notification } from '@kefu/sdk'
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

import { useAuth } from '../../app/auth.ts'
import { kefu, realtime } from '../../app/kefu.ts'

const SHOWN = 20

/** The newest notifications and how many are unread; they come by themselves. */
export const useNotifications = defineStore('notifications', () => {
  const newest = shallowRef<Notification[]>([])
  const unread = ref(0)
  const error = shallowRef<unknown>()

  async function read(): Promise<void> {
    try {
      const answer = await kefu.listNotifications({ page: 1, size: SHOWN })
      newest.value = answer.list
      unread.value = answer.unread
      error.value = undefined
    } catch (failure) {
      error.value = failure
    }
  }

  let reading: Promise<void> | undefined
  let stale = false

  /** Reads them, and once more if there is news meanwhile: what is shown is never older than the last call. */
  function load(): Promise<void> {
    stale = true
    reading ??= (async () => {
      while (stale) {
        stale = false
        await read()
      }
      reading = undefined
    })()
    return reading
  }

  /** Marks all as read, up to and with one where an id is given. */
  async function markRead(upToId = '0'): Promise<void> {
    await kefu.markNotificationsRead({ upToId })
    await load()
  }

  realtime.on('notification', () => void load())
  // What was missed while there was no connection.
  realtime.on('state', (state) => {
    if (state === 'online' && useAuth().user) void load()
  })
  // What was marked as read in another window is not told.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && useAuth().user) void load()
  })

  /** Where a notification leads: to the archive record; to the desk for whoever serves, to the list of sessions
      otherwise. */
  function target(notification: Notification): string | undefined {
    const auth = useAuth()
    if (notification.archiveRecordId !== '0') {
      const waits = notification.type === 'ARCHIVE_SUBMITTED' && auth.may(Permission.ARCHIVE_RECORD_REVIEW)
      if (!auth.may(Permission.CUSTOMER_READ)) return undefined
      return `/admin/archive-${waits ? 'review' : 'history'}?open=${notification.archiveRecordId}`
    }
    if (notification.sessionId === '0') return undefined
    if (auth.may(Permission.AGENT_SERVE)) return `/workbench/${notification.sessionId}`
    return auth.may(Permission.SESSION_READ) ? `/admin/sessions?open=${notification.sessionId}` : undefined
  }

  return { newest, unread, error, load, markRead, target }
})
