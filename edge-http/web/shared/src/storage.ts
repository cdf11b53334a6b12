/** The browser's storages where they can be used: private windows and some WebViews forbid them, even to be looked at. */
function usable(name: 'localStorage' | 'sessionStorage'): Storage | null {
  try {
    const storage = window[name]
    storage.setItem('kefu.probe', '1')
    storage.removeItem('kefu.probe')
    return storage
  } catch {
    return null
  }
}

/** The storage that outlives the page, if there is one. */
export const lasting: Storage | null = usable('localStorage')

/** The storage of this tab, if there is one. */
export const ofTab: Storage | null = usable('sessionStorage')
