// Who can be given the chosen sessions, the best first, with the reason.
import type { Agent, Session } from '@kefu/sdk'
import { standing } from './order.ts'

/** Why an agent cannot be given the sessions. */
export type Obstacle = 'OFFLINE' | 'GONE' | 'AWAY' | 'FULL' | 'OTHER_TEAM' | 'HAS_IT'

/** An agent who might be given the sessions. */
export interface Candidate {
  agent: Agent
  /** Places left. */
  room: number
  /** How many of the chosen sessions fit. */
  fits: number
  /** Consultation types of the chosen sessions that the agent's skills name. */
  skills: string[]
  /** Why not; null for who may and can. */
  obstacle: Obstacle | null
}

function obstacle(agent: Agent, sessions: readonly Session[], room: number): Obstacle | null {
  const stands = standing(agent)
  if (sessions.every((session) => session.agentId === agent.userId)) return 'HAS_IT'
  if (!sessions.every((session) => agent.teamIds.includes(session.teamId))) return 'OTHER_TEAM'
  if (stands === 'OFFLINE' || stands === 'GONE' || stands === 'AWAY') return stands
  return room > 0 ? null : 'FULL'
}

function candidate(agent: Agent, sessions: readonly Session[]): Candidate {
  const room = Math.max(0, agent.maxSessions - agent.activeSessions)
  const types = new Set(sessions.map((session) => session.problemType).filter((type) => type !== ''))
  return {
    agent,
    room,
    fits: Math.min(room, sessions.length),
    skills: [...types].filter((type) => agent.skills.includes(type)),
    obstacle: obstacle(agent, sessions, room),
  }
}

/** Who can be given these sessions: first whoever has room for more of them, then who is online rather than busy, then
    who knows more of their subjects, then who has the lower load. Whoever cannot stands behind, with the obstacle. */
export function rankCandidates(agents: readonly Agent[], sessions: readonly Session[]): Candidate[] {
  const load = ({ agent }: Candidate) => (agent.maxSessions > 0 ? agent.activeSessions / agent.maxSessions : 1)
  const isOnline = ({ agent }: Candidate) => Number(standing(agent) === 'ONLINE')
  const order = (a: Candidate, b: Candidate) =>
    Number(a.obstacle !== null) - Number(b.obstacle !== null) ||
    b.fits - a.fits ||
    isOnline(b) - isOnline(a) ||
    b.skills.length - a.skills.length ||
    load(a) - load(b) ||
    a.agent.name.localeCompare(b.agent.name, 'zh-CN')
  return agents.map((agent) => candidate(agent, sessions)).sort(order)
}
