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
    clearTimeout(timer)
    const now = state.value
    if (now === 'online' || now === 'stopped') shown.value = null
    else timer = setTimeout(() => (shown.value = now), shown.value === null ? PATIENCE_MS : 0)
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
