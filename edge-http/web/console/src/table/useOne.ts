import { KefuError } from '@kefu/sdk'
import { onScopeDispose, shallowRef } from 'vue'

/** One object: read at once, and again when asked. */
export function useOne<T>(load: (options: { signal: AbortSignal }) => Promise<T>) {
  const value = shallowRef<T>()
  const error = shallowRef<unknown>()
  let call = new AbortController()

  async function reload(): Promise<void> {
    call.abort()
    const mine = (call = new AbortController())
    try {
      const found = await load({ signal: mine.signal })
      if (mine.signal.aborted) return
      value.value = found
      error.value = undefined
    } catch (failure) {
      if (mine.signal.aborted || (failure instanceof KefuError && failure.reason === 'ABORTED')) return
      error.value = failure
    }
  }

  void reload()
  onScopeDispose(() => call.abort())
  return { value, error, reload }
}
