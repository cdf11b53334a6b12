// In what order the board shows sessions and agents: trouble first, the rest calm.
import type { Agent, Session } from '@kefu/sdk'

/** How alarming a wait is. */
export type WaitLevel = 'calm' | 'warn' | 'late'

/** Seconds from which a wait is a warning, and from which it is late. */
export interface WaitLimits {
  warn: number
  late: number
}

/** In the queue people expect minutes. */
export const QUEUE_LIMITS: WaitLimits = { warn: 120, late: 300 }

/** Whoever left a message expects an answer within the working day. */
export const LEFT_LIMITS: WaitLimits = { warn: 4 * 3600, late: 24 * 3600 }

/** In a session they expect an answer. */
export const ANSWER_LIMITS: WaitLimits = { warn: 60, late: 180 }

/** Whole seconds from a time until now; null for no time. */
export function secondsSince(time: string | null | undefined, now: number): number | null {
  if (!time) return null
  return Math.max(0, Math.floor((now - Date.parse(time)) / 1000))
}

/** How alarming a wait of so many seconds is. */
export function waitLevel(seconds: number | null, limits: WaitLimits): WaitLevel {
  if (seconds === null || seconds < limits.warn) return 'calm'
  return seconds < limits.late ? 'warn' : 'late'
}

/** The waiting as they are served: the urgent first, then whoever has waited longest; left messages behind them. */
export function orderWaiting(sessions: readonly Session[]): Session[] {
  const since = (s: Session) => Date.parse(s.createTime ?? '') || 0
  const left = (s: Session) => Number(s.status === 'MESSAGE_LEFT')
  const order = (a: Session, b: Session) =>
    left(a) - left(b) || Number(b.urgent) - Number(a.urgent) || since(a) - since(b) || (a.id < b.id ? -1 : 1)
  return [...sessions].sort(order)
}

/** How an agent stands: the status set, but gone where nobody is connected behind it. */
export type Standing = 'ONLINE' | 'BUSY' | 'AWAY' | 'GONE' | 'OFFLINE'

/** How an agent stands. */
export function standing(agent: Agent): Standing {
  if (agent.status !== 'ONLINE' && agent.status !== 'BUSY' && agent.status !== 'AWAY') return 'OFFLINE'
  return agent.present ? agent.status : 'GONE'
}

const RANK: Record<Standing, number> = { GONE: 0, ONLINE: 1, BUSY: 2, AWAY: 3, OFFLINE: 4 }

/** Agents with trouble first: late answers (the longest on top), then those gone with sessions, then by standing. */
export function orderAgents(agents: readonly Agent[], now: number): Agent[] {
  const late = (agent: Agent) => {
    const seconds = secondsSince(agent.longestUnanswered, now)
    return waitLevel(seconds, ANSWER_LIMITS) === 'late' ? (seconds ?? 0) : -1
  }
  const rank = (agent: Agent) => {
    const stands = standing(agent)
    // Who is gone and holds nothing is no trouble.
    return stands === 'GONE' && agent.activeSessions === 0 ? RANK.OFFLINE : RANK[stands]
  }
  const load = (agent: Agent) => (agent.maxSessions > 0 ? agent.activeSessions / agent.maxSessions : 0)
  const order = (a: Agent, b: Agent) =>
    late(b) - late(a) || rank(a) - rank(b) || load(b) - load(a) || a.name.localeCompare(b.name, 'zh-CN')
  return [...agents].sort(order)
}
