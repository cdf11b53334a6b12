import { expect, it } from 'vitest'
import { endOfDay, exactTime, startOfDay } from './time.ts'

it('turns a day of the address into the times of its two ends', () => {
  const from = startOfDay('2026-11-23')
  const to = endOfDay('2026-11-23')
  expect(exactTime(from)).toBe('2026-11-23 00:00:00')
  expect(exactTime(to)).toBe('2026-11-24 00:00:00')
})

it('knows no day that is none', () => {
  expect(startOfDay(undefined)).toBeUndefined()
  expect(startOfDay('yesterday')).toBeUndefined()
  expect(endOfDay('')).toBeUndefined()
})
