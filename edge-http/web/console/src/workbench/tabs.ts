import { defineStore } from 'pinia'
import { ref, watch } from 'vue'

import { kefu, realtime } from '../app/kefu.ts'
import { readStored, writeStored } from '../app/storage.ts'
import { useDesk } from './desk.ts'

/** More would not fit on a line, and Alt+1…9 reach nine. */
const MOST = 9

/** The conversations that are open side by side. They survive a reload. */
export const useTabs = defineStore('tabs', () => {
  const desk = useDesk()
  const key = () => `kefu.console.tabs.${desk.me}`
  const ids = ref<string[]>([])

  // Whoever signs in next has tabs of their own.
  watch(
    () => desk.me,
    () => (ids.value = readStored<string[]>(key(), [])),
    { immediate: true },
  )
  watch(
    ids,
    (now) => {
      if (desk.me !== '0') writeStored(key(), now)
      desk.held = [...now]
    },
    { immediate: true, deep: true, flush: 'sync' },
  )

  /** Opens a conversation beside the others; where there are too many, the first one without an unread message goes. */
  async function open(id: string): Promise<void> {
    if (!ids.value.includes(id)) {
      if (ids.value.length >= MOST) {
        close(ids.value.find((other) => !desk.known.get(other)?.unread) ?? (ids.value[0] as string))
      }
      ids.value.push(id)
    }
    if (!desk.known.has(id)) desk.put(await kefu.getSession({ id }))
  }

  /** Closes a tab and gives the one to show instead. */
  function close(id: string): string | undefined {
    const at = ids.value.indexOf(id)
    if (at < 0) return undefined
    ids.value.splice(at, 1)
    realtime.conversation(id).close()
    desk.release(id)
    return ids.value[Math.min(at, ids.value.length - 1)]
  }

  return { ids, open, close }
})
