// Who can be given the chosen sessions: Kefu ranks and says why; here the answers for several sessions become one.
import type { Agent, Candidate, Session } from '@kefu/sdk'

import { kefu } from '../app/kefu.ts'

/** An agent as a candidate for all of the chosen sessions. */
export interface Choice {
  agent: Agent
  /** Can be given at least one of them now. */
  eligible: boolean
  /** Why, or why not, in the reader's language; empty for whoever is not of the sessions' teams. */
  message: string
  /** How many of the chosen sessions there is room for. */
  fits: number
}

/** One session for each answer that can differ: candidates depend on the team, and on who serves the session. */
function differing(sessions: readonly Session[]): Session[] {
  return [...new Map(sessions.map((session) => [`${session.teamId} ${session.agentId}`, session])).values()]
}

/** One answer of several: whoever cannot take one of the sessions stands with that reason; whoever is missing in an
    answer is not of that team. The order is that of the first answer, after who has room for more. */
export function combine(answers: readonly (readonly Candidate[])[], count: number): Choice[] {
  const known = new Map(answers.flat().flatMap((one) => (one.agent ? [[one.agent.userId, one.agent]] : [])))
  const choices = [...known.values()].map((agent) => {
    const found = answers.map((list) => list.find((one) => one.agent?.userId === agent.userId))
    const against = found.find((one) => !one?.eligible)
    const eligible = found.every((one) => one?.eligible)
    const room = Math.max(0, agent.maxSessions - agent.activeSessions)
    const message = (eligible ? found[0]?.message : found.includes(undefined) ? '' : against?.message) ?? ''
    return { agent, eligible, message, fits: eligible ? Math.min(room, count) : 0 }
  })
  return choices.sort((a, b) => Number(b.eligible) - Number(a.eligible) || b.fits - a.fits)
}

/** Asks who can take the sessions, the best first. */
export async function askCandidates(sessions: readonly Session[]): Promise<Choice[]> {
  const asked = differing(sessions).map(({ id }) => kefu.listCandidates({ id }))
  const answers = await Promise.all(asked)
  return combine(
    answers.map(({ list }) => list),
    sessions.length,
  )
}
