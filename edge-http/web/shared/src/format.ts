/** Times, days and sizes as people read them, in the page's language. */

/** A size in bytes, as `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KB', 'MB', 'GB']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** The time of day, as `09:12`. */
export function formatClock(time: string | null | undefined, language: string): string {
  if (!time) return ''
  return formatter(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(time))
}

/** The day, as 今天, 昨天, 11月20日 or 2025年11月20日. */
export function formatDay(time: string | null | undefined, language: string, now = new Date()): string {
  if (!time) return ''
  const date = new Date(time)
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000)
  // Safari before 14 has no such words: there it is the date.
  if ((days === 0 || days === 1) && 'RelativeTimeFormat' in Intl) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-days, 'day')
    return words.charAt(0).toUpperCase() + words.slice(1)
  }
  const year = date.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return formatter(language, { year, month: 'long', day: 'numeric' }).format(date)
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Making one is slow on phones, and a conversation needs hundreds of times. */
function formatter(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${Object.keys(options).join()} ${options.year}`
  const known = formatters.get(key) ?? new Intl.DateTimeFormat(language, options)
  formatters.set(key, known)
  return known
}

/** Whether two times are on the same day here. */
export function isSameDay(a: string, b: string): boolean {
  return startOfDay(new Date(a)) === startOfDay(new Date(b))
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}
