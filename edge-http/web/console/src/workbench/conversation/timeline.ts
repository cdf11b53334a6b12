import type { Message, Note, Outgoing } from '@kefu/sdk'
import { standing } from '@kefu/shared/grouping.ts'
import { isSameDay } from '@kefu/shared/format.ts'

/** A line of a conversation as it is shown. */
export type Line =
  | { kind: 'day'; key: string; time: string }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; joins: boolean; last: boolean }
  | { kind: 'note'; key: string; note: Note }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing; joins: boolean }

/** What a conversation consists of. */
export interface Spoken {
  messages: readonly Message[]
  notes: readonly Note[]
  outgoing: readonly Outgoing[]
  /** There are older messages: notes from before the first one wait for them. */
  hasOlder: boolean
  /** The first message that was unread when the conversation was opened; 0 for none. */
  firstUnread: number
}

type Entry = { time: string; message: Message; note?: undefined } | { time: string; note: Note; message?: undefined }

/** Notes and messages in the order of their time; messages keep their own order whatever their times are. */
function merge(spoken: Spoken): Entry[] {
  const notes = [...spoken.notes].sort((a, b) => (a.createTime ?? '').localeCompare(b.createTime ?? ''))
  const start = spoken.hasOlder ? (spoken.messages[0]?.createTime ?? '') : ''
  const waiting = notes.filter((note) => (note.createTime ?? '') >= start)
  const entries: Entry[] = []
  for (const message of spoken.messages) {
    const time = message.createTime ?? ''
    while (waiting[0] && (waiting[0].createTime ?? '') < time) {
      const note = waiting.shift() as Note
      entries.push({ time: note.createTime ?? '', note })
    }
    entries.push({ time, message })
  }
  return [...entries, ...waiting.map((note) => ({ time: note.createTime ?? '', note }))]
}

/** The lines of a conversation: days, the line before what is unread, messages in groups, notes, what is on its way. */
export function timeline(spoken: Spoken): Line[] {
  const lines: Line[] = []
  let day = ''
  let before: Message | undefined
  for (const { time, message, note } of merge(spoken)) {
    if (time && (!day || !isSameDay(day, time))) {
      lines.push({ kind: 'day', key: `day-${time}`, time })
      day = time
      before = undefined
    }
    if (note) {
      lines.push({ kind: 'note', key: `note-${note.id}`, note })
      before = undefined
      continue
    }
    if (spoken.firstUnread > 0 && message.seq === spoken.firstUnread) {
      lines.push({ kind: 'unread', key: 'unread' })
      before = undefined
    }
    const joins = before !== undefined && standing(before, message).joins
    const previous = lines.at(-1)
    if (joins && previous?.kind === 'message') previous.last = false
    lines.push({ kind: 'message', key: `message-${message.seq}`, message, joins, last: true })
    before = message
  }
  spoken.outgoing.forEach((outgoing, index) =>
    lines.push({ kind: 'outgoing', key: `outgoing-${outgoing.clientMsgId}`, outgoing, joins: index > 0 }),
  )
  return lines
}
