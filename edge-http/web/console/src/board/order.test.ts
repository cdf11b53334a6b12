import { describe, expect, it } from 'vitest'
import { orderAgents, orderWaiting, QUEUE_LIMITS, secondsSince, standing, waitLevel } from './order.ts'
import { sampleAgent, sampleSession } from './sample.ts'

const now = Date.parse('2026-11-23T01:10:00Z')
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString()

describe('the waiting', () => {
  it('are served urgent first, then by who came first', () => {
    const sessions = [
      sampleSession({ id: '1', createTime: ago(10) }),
      sampleSession({ id: '2', createTime: ago(300) }),
      sampleSession({ id: '3', createTime: ago(5), urgent: true }),
      sampleSession({ id: '4', createTime: ago(100), urgent: true }),
    ]
    expect(orderWaiting(sessions).map((s) => s.id)).toEqual(['4', '3', '2', '1'])
  })

  it('come before left messages', () => {
    const sessions = [
      sampleSession({ id: '1', status: 'MESSAGE_LEFT', createTime: ago(9000) }),
      sampleSession({ id: '2' }),
    ]
    expect(orderWaiting(sessions).map((s) => s.id)).toEqual(['2', '1'])
  })

  it('keep their order where they came at once', () => {
    const sessions = [sampleSession({ id: '7' }), sampleSession({ id: '5' })]
    expect(orderWaiting(sessions).map((s) => s.id)).toEqual(['5', '7'])
    expect(orderWaiting([...sessions].reverse()).map((s) => s.id)).toEqual(['5', '7'])
  })
})

describe('a wait', () => {
  it('is unknown, not nothing, without a time, and never negative', () => {
    expect(secondsSince(null, now)).toBeNull()
    expect(secondsSince(undefined, now)).toBeNull()
    expect(secondsSince(ago(-5), now)).toBe(0)
    expect(secondsSince(ago(61), now)).toBe(61)
  })

  it.each([
    [null, 'calm'],
    [119, 'calm'],
    [120, 'warn'],
    [299, 'warn'],
    [300, 'late'],
  ] as const)('of %s seconds is %s', (seconds, level) => {
    expect(waitLevel(seconds, QUEUE_LIMITS)).toBe(level)
  })
})

describe('agents', () => {
  it('stand as they set it, but gone where nobody is connected', () => {
    expect(standing(sampleAgent({}))).toBe('ONLINE')
    expect(standing(sampleAgent({ status: 'AWAY' }))).toBe('AWAY')
    expect(standing(sampleAgent({ present: false }))).toBe('GONE')
    expect(standing(sampleAgent({ status: 'OFFLINE', present: false }))).toBe('OFFLINE')
  })

  it('are ordered with trouble first', () => {
    const agents = [
      sampleAgent({ userId: 'off', status: 'OFFLINE', present: false }),
      sampleAgent({ userId: 'idle' }),
      sampleAgent({ userId: 'full', activeSessions: 5 }),
      sampleAgent({ userId: 'late', activeSessions: 1, longestUnanswered: ago(200) }),
      sampleAgent({ userId: 'later', status: 'BUSY', activeSessions: 1, longestUnanswered: ago(900) }),
      sampleAgent({ userId: 'gone', present: false, activeSessions: 2 }),
      sampleAgent({ userId: 'left', present: false, name: '张' }),
      sampleAgent({ userId: 'busy', status: 'BUSY' }),
    ]
    const order = ['later', 'late', 'gone', 'full', 'idle', 'busy', 'off', 'left']
    expect(orderAgents(agents, now).map((a) => a.userId)).toEqual(order)
  })
})
