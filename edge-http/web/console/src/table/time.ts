import { formatClock, formatDay } from '@kefu/shared/format.ts'
import { useI18n } from 'vue-i18n'

/** A time to the second, the same in every language, as files want it. */
export function exactTime(time: string | null | undefined): string {
  if (!time) return ''
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(time))
}

/** How far a zone's clocks are ahead of UTC at a time, in milliseconds. */
function aheadOfUtc(time: number, timeZone: string | undefined): number {
  const clock = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone }).format(time)
  return Date.parse(`${clock.replace(' ', 'T')}Z`) - Math.floor(time / 1000) * 1000
}

/** When a day of the address (`2026-11-23`) and so many more days begin in a time zone, as the API takes times;
    undefined for no day. Without a zone it is the browser's. */
function midnight(day: string | undefined, daysLater: number, timeZone: string | undefined): string | undefined {
  if (!day || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const utc = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(utc)) return undefined
  const wanted = utc + daysLater * 86_400_000
  // The clocks may be changed between midnight there and midnight in UTC: what holds there counts.
  const near = wanted - aheadOfUtc(wanted, timeZone)
  return new Date(wanted - aheadOfUtc(near, timeZone)).toISOString()
}

/** The beginning of a day. */
export function startOfDay(day: string | undefined, timeZone?: string): string | undefined {
  return midnight(day, 0, timeZone)
}

/** The end of a day, which is the beginning of the next. */
export function endOfDay(day: string | undefined, timeZone?: string): string | undefined {
  return midnight(day, 1, timeZone)
}

/** Today, as the address has it. */
export function today(timeZone?: string): string {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone }).format()
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
