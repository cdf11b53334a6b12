/** What becomes of a page. */
export interface PageListener {
  /** It is looked at again, or the network has changed: what was thought of the connection may be wrong. */
  onWake(): void
  /** It is put away. */
  onSleep(): void
  /** It comes back from where it was put. */
  onReturn(): void
}

/** Follows the life of the page, where there is one; returns how to stop that. */
export function watchPage(listener: PageListener): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => undefined
  const stop = new AbortController()
  let asleep = false
  const wake = () => {
    if (!asleep) listener.onWake()
  }
  const options = { signal: stop.signal }
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake(), options)
  window.addEventListener('online', wake, options)
  window.addEventListener('offline', wake, options)
  window.addEventListener(
    'pagehide',
    () => {
      asleep = true
      listener.onSleep()
    },
    options,
  )
  window.addEventListener(
    'pageshow',
    () => {
      if (!asleep) return wake()
      asleep = false
      listener.onReturn()
    },
    options,
  )
  return () => stop.abort()
}
