import { describe, expect, it } from 'vitest'
import { formatBytes, formatClock, formatDay, isSameDay } from '../src/format.ts'

describe('format', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KB'],
    [15_400, '15 KB'],
    [52_428_800, '50 MB'],
  ])('shows %i bytes as %s', (bytes, wanted) => {
    expect(formatBytes(bytes)).toBe(wanted)
  })

  it('names today and yesterday, and the year only when it is another one', () => {
    const now = new Date(2026, 10, 23, 0, 30)
    const day = (...at: [number, number, number, number]) => formatDay(new Date(...at).toISOString(), 'zh-CN', now)
    expect(day(2026, 10, 23, 0)).toBe('今天')
    expect(day(2026, 10, 22, 23)).toBe('昨天')
    expect(day(2026, 10, 20, 9)).toBe('11月20日')
    expect(day(2025, 0, 2, 9)).toBe('2025年1月2日')
    expect(formatDay(new Date(2026, 10, 22).toISOString(), 'en', now)).toBe('Yesterday')
    expect(formatDay(null, 'en', now)).toBe('')
  })

  it('shows the clock with two digits', () => {
    expect(formatClock(new Date(2026, 10, 23, 9, 5).toISOString(), 'zh-CN')).toBe('09:05')
    expect(formatClock(new Date(2026, 10, 23, 0, 5).toISOString(), 'en')).toBe('00:05')
  })

  it('compares days here, not in Greenwich', () => {
    const a = new Date(2026, 10, 23, 0, 1).toISOString()
    expect(isSameDay(a, new Date(2026, 10, 23, 23, 59).toISOString())).toBe(true)
    expect(isSameDay(a, new Date(2026, 10, 22, 23, 59).toISOString())).toBe(false)
  })
})
