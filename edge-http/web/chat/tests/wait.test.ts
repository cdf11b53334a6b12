import { describe, expect, it } from 'vitest'
import { waitMinutes } from '../src/talk/wait.ts'

describe('the expected wait', () => {
  it.each([
    [180, 300, { min: 3, max: 5 }],
    [61, 119, { min: 2, max: 2 }],
    [0, 0, { min: 1, max: 1 }],
    [30, 3601, { min: 1, max: 61 }],
    [-1, -1, null],
    [60, -1, null],
  ])('of %i to %i seconds is rounded up', (min, max, wanted) => {
    expect(waitMinutes(min, max)).toEqual(wanted)
  })
})
