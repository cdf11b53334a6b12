// Giving sessions to an agent, whichever way each of them needs.
import { KefuError, type Session } from '@kefu/sdk'

import { kefu } from '../app/kefu.ts'

/** What became of one session. */
export interface Outcome {
  session: Session
  /** Why it was not given; empty if it was. */
  refusal: string
}

async function one(session: Session, agentId: string, reason: string): Promise<Outcome> {
  try {
    const request = { id: session.id, agentId, reason }
    await (session.status === 'ACTIVE' ? kefu.reassignSession(request) : kefu.assignSession(request))
    return { session, refusal: '' }
  } catch (error) {
    if (error instanceof KefuError) return { session, refusal: error.message }
    throw error
  }
}

/** Gives sessions to an agent: waiting ones in one call, those that somebody has one after the other. */
export async function giveTo(agentId: string, sessions: readonly Session[], reason: string): Promise<Outcome[]> {
  const waiting = sessions.filter((session) => session.status !== 'ACTIVE')
  const [first] = sessions
  if (first && sessions.length === 1) return [await one(first, agentId, reason)]
  const outcomes: Outcome[] = []
  if (waiting.length > 0) {
    const sessionIds = waiting.map((session) => session.id)
    const { results } = await kefu.batchAssignSessions({ sessionIds, agentId, reason })
    for (const session of waiting) {
      const result = results.find((row) => row.sessionId === session.id)
      outcomes.push({ session, refusal: result?.assigned ? '' : (result?.message ?? '') })
    }
  }
  for (const session of sessions) {
    if (session.status === 'ACTIVE') outcomes.push(await one(session, agentId, reason))
  }
  return outcomes
}
