/** Keeps what somebody was typing, one text for each key. */
export interface Drafts {
  read(key: string): string
  /** Saved after a pause; an empty text is forgotten. */
  write(key: string, text: string): void
  /** Saves at once what waits. */
  flush(): void
}

/** Drafts in a storage, saved 500 ms after the last key. Each text waits under its own key, so that a change of
 *  conversation within that time cannot put one's text into another. Without a storage they live as long as the page. */
export function drafts(prefix: string, storage: Storage | null, delayMs = 500): Drafts {
  const known = new Map<string, string>()
  const waiting = new Map<string, ReturnType<typeof setTimeout>>()

  function save(key: string) {
    clearTimeout(waiting.get(key))
    waiting.delete(key)
    const text = known.get(key) ?? ''
    try {
      if (text) storage?.setItem(prefix + key, text)
      else storage?.removeItem(prefix + key)
    } catch {
      // The storage is full or forbidden: the text is still kept by this page.
    }
  }

  return {
    read(key) {
      const text = known.get(key)
      if (text !== undefined) return text
      try {
        return storage?.getItem(prefix + key) ?? ''
      } catch {
        return ''
      }
    },
    write(key, text) {
      known.set(key, text)
      clearTimeout(waiting.get(key))
      if (text) {
        waiting.set(
          key,
          setTimeout(() => save(key), delayMs),
        )
      } else save(key)
    },
    flush() {
      for (const key of [...waiting.keys()]) save(key)
    },
  }
}
