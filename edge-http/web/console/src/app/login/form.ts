import { KefuError } from '@kefu/sdk'
import { onScopeDispose, reactive, ref, type Ref } from 'vue'

import { messageOf } from '../notify.ts'

/** A form on its way: the errors of its fields, the error of the whole, and whether it is being sent. */
export interface Submission {
  /** By the field's name; absent for a field without an error. */
  errors: Record<string, string | undefined>
  /** What is wrong beyond the fields. */
  failure: Ref<string>
  busy: Ref<boolean>
  /** Seconds until it may be tried again; 0 for at once. */
  wait: Ref<number>
  /** Sends the form unless a field has an error; `check` fills `errors` first. */
  submit(check: () => Record<string, string | undefined>, send: () => Promise<void>): Promise<void>
}

/** Seconds that run down to 0. */
export function useCountdown(): { left: Ref<number>; start: (seconds: number) => void } {
  const left = ref(0)
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  function start(seconds: number) {
    stop()
    // Counted to a time, not in ticks: a sleeping tab has none.
    const end = Date.now() + seconds * 1000
    left.value = Math.ceil(seconds)
    timer = setInterval(() => {
      left.value = Math.max(0, Math.ceil((end - Date.now()) / 1000))
      if (left.value === 0) stop()
    }, 250)
  }
  onScopeDispose(stop)
  return { left, start }
}

/** Keeps the state of one form. */
export function useSubmission(): Submission {
  const errors = reactive<Record<string, string | undefined>>({})
  const failure = ref('')
  const busy = ref(false)
  const countdown = useCountdown()

  function show(found: Record<string, string | undefined>): boolean {
    for (const name of Object.keys(errors)) delete errors[name]
    Object.assign(errors, found)
    return Object.values(found).some(Boolean)
  }

  async function submit(check: () => Record<string, string | undefined>, send: () => Promise<void>): Promise<void> {
    failure.value = ''
    if (busy.value || countdown.left.value > 0 || show(check())) return
    busy.value = true
    try {
      await send()
    } catch (error) {
      if (error instanceof KefuError && error.details.length > 0) {
        show(Object.fromEntries(error.details.map((detail) => [detail.field, detail.reason])))
      } else {
        failure.value = messageOf(error)
      }
      if (error instanceof KefuError && error.retryAfterMs) countdown.start(error.retryAfterMs / 1000)
    } finally {
      busy.value = false
    }
  }

  return { errors, failure, busy, wait: countdown.left, submit }
}

/** A Chinese mobile phone number. */
export function isPhone(text: string): boolean {
  return /^1[3-9][0-9]{9}$/.test(text)
}

/** A one-time code. */
export function isCode(text: string): boolean {
  return /^[0-9]{6}$/.test(text)
}
