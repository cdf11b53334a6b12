import { describe, expect, it } from 'vitest'
import { standing, type Spoken } from '../src/grouping.ts'

const said = (id: string, minute: number, second = 0, day = 23, contentType = 'TEXT'): Spoken => ({
  sender: { kind: 'USER', id },
  contentType,
  createTime: new Date(2026, 10, day, 9, minute, second).toISOString(),
})

describe('standing', () => {
  it('joins what one sender says in one minute', () => {
    expect(standing(said('1', 5, 1), said('1', 5, 59)).joins).toBe(true)
    expect(standing(said('1', 5, 59), said('1', 6, 0)).joins).toBe(false)
    expect(standing(said('1', 5), said('2', 5)).joins).toBe(false)
  })

  it('keeps lines of the system apart', () => {
    expect(standing(said('0', 5, 0, 23, 'EVENT'), said('0', 5)).joins).toBe(false)
  })

  it('puts a date before the first message and at midnight', () => {
    expect(standing(undefined, said('1', 5))).toEqual({ newDay: true, joins: false })
    expect(standing(said('1', 5, 0, 22), said('1', 5))).toEqual({ newDay: true, joins: false })
    expect(standing(said('1', 5), said('2', 7)).newDay).toBe(false)
  })
})
