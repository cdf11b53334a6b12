import { Realtime } from '@kefu/sdk'
import { computed, onBeforeUnmount, ref, watch } from 'vue'
import { kefu } from '../app/kefu.ts'

/** The customer's connection, one for all tabs of this browser. */
export const realtime = new Realtime(kefu, { storageKey: 'kefu.chat' })

/** After how long a customer is told that something is slow. Most gaps are over before. */
const PATIENCE_MS = 3000

/** Whether the network is bad enough to be told: no connection for a while, or a message that waits for as long. */
export function useTrouble(waiting: () => boolean) {
  const offline = ref(realtime.state === 'offline' || realtime.state === 'connecting')
  const off = realtime.on('state', (state) => (offline.value = state === 'offline' || state === 'connecting'))
  onBeforeUnmount(off)
  const unconnected = useLasting(() => offline.value)
  const late = useLasting(waiting)
  return computed(() => unconnected.value || late.value)
}

/** Whether something has held for as long as one is patient. */
function useLasting(holds: () => boolean) {
  const lasting = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    holds,
    (now) => {
      clearTimeout(timer)
      if (now) timer = setTimeout(() => (lasting.value = true), PATIENCE_MS)
      else lasting.value = false
    },
    { immediate: true },
  )
  onBeforeUnmount(() => clearTimeout(timer))
  return lasting
}
