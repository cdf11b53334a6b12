import { describe, expect, it } from 'vitest'

import { sampleSession as session } from '../../board/sample.ts'
import { ANSWER_LIMITS, waitLevel } from '../../board/order.ts'
import { heldOrder, orderSessions } from './order.ts'

const ids = (sessions: { id: string }[]) => sessions.map((one) => one.id)

describe('the order of the sessions', () => {
  it('puts whoever waits longest for an answer first, then the latest', () => {
    const sessions = [
      session({ id: 'calm-old', unansweredSince: null, lastMessageTime: '2026-11-23T08:00:00Z' }),
      session({ id: 'waits-short', unansweredSince: '2026-11-23T09:05:00Z' }),
      session({ id: 'calm-new', unansweredSince: null, lastMessageTime: '2026-11-23T09:09:00Z' }),
      session({ id: 'waits-long', unansweredSince: '2026-11-23T09:00:00Z' }),
    ]
    expect(ids(orderSessions(sessions))).toEqual(['waits-long', 'waits-short', 'calm-new', 'calm-old'])
  })

  it('does not change under the pointer', () => {
    expect(heldOrder(['a', 'b', 'c'], ['c', 'a', 'b'])).toEqual(['a', 'b', 'c'])
  })

  it('puts what is new at the end while it is held, and drops what has gone', () => {
    expect(heldOrder(['a', 'b', 'c'], ['d', 'c', 'a'])).toEqual(['a', 'c', 'd'])
  })
})

describe('the colour of a wait', () => {
  it('goes from grey to amber to red at the limits', () => {
    expect([0, 59, 60, 179, 180].map((seconds) => waitLevel(seconds, ANSWER_LIMITS))).toEqual([
      'calm',
      'calm',
      'warn',
      'warn',
      'late',
    ])
  })
})
