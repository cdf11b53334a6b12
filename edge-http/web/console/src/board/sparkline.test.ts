import { expect, it } from 'vitest'
import { sparkline } from './sparkline.ts'

it('draws nothing where no trend is known', () => {
  expect(sparkline([], 100, 24)).toBe('')
  expect(sparkline([null, null], 100, 24)).toBe('')
  expect(sparkline([null, 3], 100, 24)).toBe('')
})

it('goes from the left to the right, the least at the bottom', () => {
  expect(sparkline([0, 10, 5], 100, 24)).toBe('M2 22L50 2L98 12')
})

it('leaves a gap, never a zero, where a value is unknown', () => {
  expect(sparkline([0, null, 10, 10], 100, 24)).toBe('M2 22h0.1M66 2L98 2')
})

it('lies flat where nothing changes', () => {
  expect(sparkline([0, 0], 100, 24)).toBe('M2 22L98 22')
  expect(sparkline([3, 3], 100, 24)).toBe('M2 12L98 12')
})
