import { onScopeDispose, ref, type Ref } from 'vue'

const now = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The time, once a second, for figures that run. All who use it share one clock. */
export function useNow(): Readonly<Ref<number>> {
  now.value = Date.now()
  if (users++ === 0) timer = setInterval(() => (now.value = Date.now()), 1000)
  onScopeDispose(() => {
    if (--users === 0) clearInterval(timer)
  })
  return now
}
