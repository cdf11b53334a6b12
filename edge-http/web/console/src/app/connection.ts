import type { ConnectionState } from '@kefu/sdk'
import { onScopeDispose, ref, type Ref } from 'vue'

import { realtime } from './kefu.ts'

// A reconnect that succeeds at once is nobody's business.
const PATIENCE_MS = 2500

/** The connection's state, and the part of it that is worth saying. */
export function useConnection(): {
  state: Ref<ConnectionState>
  shown: Ref<'connecting' | 'fallback' | 'offline' | null>
} {
  const state = ref<ConnectionState>(realtime.state)
  const shown = ref<'connecting' | 'fallback' | 'offline' | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  const show = () => {
    const now = state.value
    if (now === 'online' || now === 'stopped') {
      clearTimeout(timer)
      timer = undefined
      shown.value = null
    } else if (shown.value === null) {
      // Counted from the first loss: attempts that fail again and again must not put it off.
      timer ??= setTimeout(tell, PATIENCE_MS)
    } else if (now !== 'connecting') shown.value = now
  }
  const tell = () => {
    timer = undefined
    const now = state.value
    if (now !== 'online' && now !== 'stopped') shown.value = now
  }
  const off = realtime.on('state', (value) => {
    state.value = value
    show()
  })
  show()
  onScopeDispose(() => {
    off()
    clearTimeout(timer)
  })
  return { state, shown }
}
