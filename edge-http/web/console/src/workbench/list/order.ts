import type { Session } from '@kefu/sdk'

/** Whoever waits for an answer first, the longest on top; then the rest, the latest on top. */
export function orderSessions(sessions: readonly Session[]): Session[] {
  const time = (text: string | null) => (text ? Date.parse(text) : 0)
  return [...sessions].sort((a, b) => {
    if (Boolean(a.unansweredSince) !== Boolean(b.unansweredSince)) return a.unansweredSince ? -1 : 1
    const byTime = a.unansweredSince
      ? time(a.unansweredSince) - time(b.unansweredSince)
      : time(b.lastMessageTime ?? b.createTime) - time(a.lastMessageTime ?? a.createTime)
    return byTime || a.id.localeCompare(b.id)
  })
}

/** The order while the pointer is over the list: everything stays where it is, what is new goes to the end. */
export function heldOrder(shown: readonly string[], wanted: readonly string[]): string[] {
  const there = new Set(wanted)
  const kept = shown.filter((id) => there.has(id))
  const known = new Set(kept)
  return [...kept, ...wanted.filter((id) => !known.has(id))]
}
