import { expect, it } from 'vitest'
import { clockOf, minuteOf, nextSpan, withClock } from './hours.ts'

it('shows minutes as a clock does and reads them back', () => {
  expect([clockOf(0), clockOf(570), clockOf(1440)]).toEqual(['00:00', '09:30', '00:00'])
  expect([minuteOf('09:30'), minuteOf('09:30:00'), minuteOf('')]).toEqual([570, 570, null])
})

it('takes midnight as the end of a day, never as an end before the start', () => {
  const span = { weekday: 1, startMinute: 540, endMinute: 1050 }
  expect(withClock(span, 'end', '00:00').endMinute).toBe(1440)
  expect(withClock(span, 'start', '00:00').startMinute).toBe(0)
  expect(withClock(span, 'end', '')).toEqual(span)
})

it('adds spans behind those of the day, as long as there is a day', () => {
  expect(nextSpan([], 2)).toEqual({ weekday: 2, startMinute: 540, endMinute: 1050 })
  expect(nextSpan([{ weekday: 2, startMinute: 540, endMinute: 720 }], 2)).toEqual({
    weekday: 2,
    startMinute: 780,
    endMinute: 1020,
  })
  expect(nextSpan([{ weekday: 2, startMinute: 540, endMinute: 1400 }], 2)).toBeNull()
})
