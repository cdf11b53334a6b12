import { isSameDay } from './format.ts'

/** What grouping needs to know of a message. */
export interface Spoken {
  sender: { kind: string; id: string } | null
  contentType: string
  createTime: string | null
}

/** How a message stands after the one before it. */
export interface Standing {
  /** A line with the date goes before it. */
  newDay: boolean
  /** It belongs to the message before it: the same sender in the same minute. */
  joins: boolean
}

/** How `message` stands after `before`, the first one after `undefined`. */
export function standing(before: Spoken | undefined, message: Spoken): Standing {
  if (!before) return { newDay: true, joins: false }
  const a = before.createTime ?? ''
  const b = message.createTime ?? ''
  const newDay = Boolean(a && b) && !isSameDay(a, b)
  const same = before.sender?.kind === message.sender?.kind && before.sender?.id === message.sender?.id
  const events = before.contentType === 'EVENT' || message.contentType === 'EVENT'
  return { newDay, joins: !newDay && same && !events && minute(a) === minute(b) }
}

function minute(time: string): number {
  return Math.floor(new Date(time).getTime() / 60_000)
}
