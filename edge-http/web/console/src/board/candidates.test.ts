import type { Candidate, CandidateFit } from '@kefu/sdk'
import { describe, expect, it } from 'vitest'

import { combine } from './candidates.ts'
import { sampleAgent } from './sample.ts'

function candidate(userId: string, fit: CandidateFit = 'FREE', activeSessions = 0): Candidate {
  const eligible = fit === 'FREE' || fit === 'BUSY'
  return { agent: sampleAgent({ userId, activeSessions }), eligible, fit, message: fit }
}

describe('the answers for several sessions', () => {
  it('keep the order of Kefu, but put first whoever has room for more', () => {
    const answer = [candidate('nearly full', 'FREE', 4), candidate('idle'), candidate('busy', 'BUSY')]
    expect(combine([answer], 1).map((one) => one.agent.userId)).toEqual(['nearly full', 'idle', 'busy'])
    const three = combine([answer], 3)
    expect(three.map((one) => [one.agent.userId, one.fits])).toEqual([
      ['idle', 3],
      ['busy', 3],
      ['nearly full', 1],
    ])
  })

  it('name the obstacle of whoever cannot take one of them', () => {
    const first = [candidate('both'), candidate('serving')]
    const second = [candidate('serving', 'SERVING'), candidate('both')]
    expect(combine([first, second], 2).map((one) => [one.agent.userId, one.eligible, one.message])).toEqual([
      ['both', true, 'FREE'],
      ['serving', false, 'SERVING'],
    ])
  })

  it('leave out whoever is in one of the teams only, without words of Kefu for it', () => {
    const choices = combine([[candidate('both'), candidate('one')], [candidate('both')]], 2)
    expect(choices.map((one) => [one.agent.userId, one.eligible, one.message])).toEqual([
      ['both', true, 'FREE'],
      ['one', false, ''],
    ])
  })
})
