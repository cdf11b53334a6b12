// When a team is on duty, as spans of weekdays.
import type { WorkingSpan } from '@kefu/sdk'

/** Monday to Sunday, as the API counts them. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const

/** The usual office week. */
export const OFFICE_WEEK: readonly WorkingSpan[] = [1, 2, 3, 4, 5].map((weekday) => ({
  weekday,
  startMinute: 9 * 60,
  endMinute: 17 * 60 + 30,
}))

const DAY = 24 * 60

/** Minutes after midnight as `09:30`; the end of the day is `00:00`, as clocks have it. */
export function clockOf(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor((minute % DAY) / 60))}:${two(minute % 60)}`
}

/** Minutes after midnight of `09:30`; null for no time. */
export function minuteOf(clock: string): number | null {
  const match = /^(\d{2}):(\d{2})/.exec(clock)
  return match ? Number(match[1]) * 60 + Number(match[2]) : null
}

/** A span with another start or end. `00:00` as an end is the end of the day. */
export function withClock(span: WorkingSpan, end: 'start' | 'end', clock: string): WorkingSpan {
  const minute = minuteOf(clock)
  if (minute === null) return span
  return end === 'start' ? { ...span, startMinute: minute } : { ...span, endMinute: minute === 0 ? DAY : minute }
}

/** A further span of a weekday, after its last one; null where the day is full. */
export function nextSpan(spans: readonly WorkingSpan[], weekday: number): WorkingSpan | null {
  const ends = spans.filter((span) => span.weekday === weekday).map((span) => span.endMinute)
  if (ends.length === 0) return { weekday, startMinute: 9 * 60, endMinute: 17 * 60 + 30 }
  const startMinute = Math.max(...ends) + 60
  return startMinute < DAY ? { weekday, startMinute, endMinute: Math.min(DAY, startMinute + 4 * 60) } : null
}
