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

it('begins a day when it begins for the company, wherever the browser is', () => {
  expect(startOfDay('2026-11-23', 'Asia/Shanghai')).toBe('2026-11-22T16:00:00.000Z')
  expect(endOfDay('2026-11-23', 'Asia/Shanghai')).toBe('2026-11-23T16:00:00.000Z')
  expect(startOfDay('2026-11-23', 'Pacific/Honolulu')).toBe('2026-11-23T10:00:00.000Z')
})

it('knows days on which the clocks are changed', () => {
  expect(startOfDay('2026-03-29', 'Europe/Berlin')).toBe('2026-03-28T23:00:00.000Z')
  expect(endOfDay('2026-03-29', 'Europe/Berlin')).toBe('2026-03-29T22:00:00.000Z')
  expect(startOfDay('2026-10-25', 'Europe/Berlin')).toBe('2026-10-24T22:00:00.000Z')
  expect(endOfDay('2026-10-25', 'Europe/Berlin')).toBe('2026-10-25T23:00:00.000Z')
})
