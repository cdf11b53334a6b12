import { describe, expect, it } from 'vitest'
import { rankCandidates } from './candidates.ts'
import { sampleAgent, sampleSession } from './sample.ts'

const one = [sampleSession({ problemType: '疫苗接种' })]
const order = (agents: Parameters<typeof rankCandidates>[0], sessions = one) =>
  rankCandidates(agents, sessions).map((c) => c.agent.userId)

describe('who can be given sessions', () => {
  it('is refused with the obstacle', () => {
    const agents = [
      sampleAgent({ userId: 'off', status: 'OFFLINE', present: false }),
      sampleAgent({ userId: 'gone', present: false }),
      sampleAgent({ userId: 'away', status: 'AWAY' }),
      sampleAgent({ userId: 'full', activeSessions: 5 }),
      sampleAgent({ userId: 'over', activeSessions: 7 }),
      sampleAgent({ userId: 'other', teamIds: ['2'] }),
      sampleAgent({ userId: 'free', status: 'BUSY', activeSessions: 4 }),
    ]
    const ranked = rankCandidates(agents, one)
    const found = Object.fromEntries(ranked.map((c) => [c.agent.userId, c.obstacle]))
    expect(found).toEqual({
      free: null,
      off: 'OFFLINE',
      gone: 'GONE',
      away: 'AWAY',
      full: 'FULL',
      over: 'FULL',
      other: 'OTHER_TEAM',
    })
    expect(ranked[0]?.agent.userId).toBe('free')
    expect(ranked.find((c) => c.agent.userId === 'over')?.room).toBe(0)
  })

  it('is not asked to take what is theirs already', () => {
    const mine = [sampleSession({ status: 'ACTIVE', agentId: '9' })]
    expect(rankCandidates([sampleAgent({ userId: '9' })], mine)[0]?.obstacle).toBe('HAS_IT')
  })

  it('is best when all of them fit, online before busy, by subject, by load', () => {
    const agents = [
      sampleAgent({ userId: 'loaded', activeSessions: 3 }),
      sampleAgent({ userId: 'skilled', activeSessions: 3, skills: ['疫苗接种'] }),
      sampleAgent({ userId: 'idle' }),
      sampleAgent({ userId: 'busy', status: 'BUSY' }),
    ]
    expect(order(agents)).toEqual(['skilled', 'idle', 'loaded', 'busy'])
    const three = ['1', '2', '3'].map((id) => sampleSession({ id, problemType: '疫苗接种' }))
    expect(order(agents, three)).toEqual(['idle', 'busy', 'skilled', 'loaded'])
  })

  it('must be of all the teams whose sessions are chosen', () => {
    const both = [sampleSession({ id: '1', teamId: '1' }), sampleSession({ id: '2', teamId: '2' })]
    const agents = [sampleAgent({ userId: 'one' }), sampleAgent({ userId: 'both', teamIds: ['2', '1'] })]
    expect(rankCandidates(agents, both).map((c) => [c.agent.userId, c.obstacle])).toEqual([
      ['both', null],
      ['one', 'OTHER_TEAM'],
    ])
  })
})
