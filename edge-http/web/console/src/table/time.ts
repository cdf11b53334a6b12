import { formatClock, formatDay } from '@kefu/shared/format.ts'
import { useI18n } from 'vue-i18n'

/** A time to the second, the same in every language, as files want it. */
export function exactTime(time: string | null | undefined): string {
  if (!time) return ''
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(time))
}

/** The beginning of a day of the address (`2026-11-23`) here, as the API takes times; undefined for no day. */
export function startOfDay(day: string | undefined): string | undefined {
  return day && /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T00:00:00`).toISOString() : undefined
}

/** The end of a day, which is the beginning of the next. */
export function endOfDay(day: string | undefined): string | undefined {
  if (!startOfDay(day)) return undefined
  const date = new Date(`${day}T00:00:00`)
  date.setDate(date.getDate() + 1)
  return date.toISOString()
}

/** Today, as the address has it. */
export function today(): string {
  return exactTime(new Date().toISOString()).slice(0, 10)
}

/** Times as people read them, in the page's language. */
export function useTimes() {
  const { locale } = useI18n()
  /** Day and time of day: 今天 09:12. */
  function stamp(time: string | null | undefined): string {
    return time ? `${formatDay(time, locale.value)} ${formatClock(time, locale.value)}` : ''
  }
  return { stamp }
}
