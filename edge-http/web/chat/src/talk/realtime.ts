import { Realtime, type ConnectionState } from '@kefu/sdk'
import { onBeforeUnmount, ref } from 'vue'
import { kefu } from '../app/kefu.ts'

/** The customer's connection, one for all tabs of this browser. */
export const realtime = new Realtime(kefu, { storageKey: 'kefu.chat' })

/** After how long without a connection the customer is told. Most gaps are over before. */
const PATIENCE_MS = 3000

/** Whether the connection has been missing for a while: what a customer should know of it. */
export function useOffline() {
  const offline = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  function follow(state: ConnectionState) {
    const missing = state === 'offline' || state === 'connecting'
    if (!missing) {
      clearTimeout(timer)
      timer = undefined
      offline.value = false
    } else if (!offline.value && timer === undefined) {
      timer = setTimeout(() => (offline.value = true), PATIENCE_MS)
    }
  }
  const off = realtime.on('state', follow)
  follow(realtime.state)
  onBeforeUnmount(() => {
    off()
    clearTimeout(timer)
  })
  return offline
}
