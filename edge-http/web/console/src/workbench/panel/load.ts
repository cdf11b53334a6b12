import { shallowRef, watch, type ShallowRef, type WatchSource } from 'vue'

/** Something that is read for a key: what came, or what went wrong. */
export interface Loaded<T> {
  value: ShallowRef<T | null>
  failure: ShallowRef<unknown>
  load: () => Promise<void>
}

/** Reads something for a key, and anew when the key changes; an answer for another key is thrown away. */
export function useLoaded<T>(key: WatchSource<string>, read: (key: string) => Promise<T>): Loaded<T> {
  const value = shallowRef<T | null>(null)
  const failure = shallowRef<unknown>()
  let current = ''

  async function load() {
    const asked = current
    failure.value = undefined
    try {
      const answer = await read(asked)
      if (asked === current) value.value = answer
    } catch (error) {
      if (asked === current) failure.value = error
    }
  }

  watch(
    key,
    (now) => {
      current = now
      value.value = null
      void load()
    },
    { immediate: true },
  )
  return { value, failure, load }
}
