/** What stands in a conversation, line by line. */
import type { Message, Outgoing, Session } from '@kefu/sdk'
import { isSameDay } from '@kefu/shared/format.ts'
import { standing } from '@kefu/shared/grouping.ts'

/** How far one's own message has come. */
export type OwnState = 'waiting' | 'sending' | 'failed' | 'sent' | 'delivered' | 'read'

/** A line of the conversation. */
export type Row =
  | { kind: 'day'; key: string; time: string }
  | { kind: 'unread'; key: string }
  | { kind: 'event'; key: string; message: Message; repeated: boolean }
  | { kind: 'message'; key: string; message: Message; mine: boolean; joins: boolean; state: OwnState | null }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing; joins: boolean; state: OwnState }

/** Whether the customer sent it. */
export function isMine(message: Message): boolean {
  return message.sender?.kind === 'CUSTOMER'
}

/** How far a stored message of the customer's has come. While nobody serves, it is there and no more can be said. */
export function ownState(seq: number, session: Session | null): OwnState {
  if (!session) return 'sent'
  if (seq <= session.agentReadSeq) return 'read'
  return seq <= session.agentDeliveredSeq ? 'delivered' : 'sent'
}

/** The first message of somebody else that the customer has not read; 0 if there is none, or nothing goes before it. */
export function firstUnread(messages: readonly Message[], readSeq: number): number {
  const at = messages.findIndex((one) => one.seq > readSeq && one.contentType !== 'EVENT' && !isMine(one))
  const seq = messages[at]?.seq ?? 0
  return seq > 1 ? seq : 0
}

/** The lines of a conversation; the line 以下为新消息 goes before `unreadFrom`. */
export function rowsOf(
  messages: readonly Message[],
  outgoing: readonly Outgoing[],
  session: Session | null,
  unreadFrom = 0,
): Row[] {
  const rows: Row[] = []
  let assigned = 0
  messages.forEach((message, index) => {
    const { newDay, joins } = standing(messages[index - 1], message)
    if (newDay) rows.push({ kind: 'day', key: `day-${message.seq}`, time: message.createTime ?? '' })
    if (message.seq === unreadFrom) rows.push({ kind: 'unread', key: 'unread' })
    if (message.contentType === 'EVENT') {
      if (message.clientMsgId.startsWith('assigned')) assigned += 1
      rows.push({ kind: 'event', key: `seq-${message.seq}`, message, repeated: assigned > 1 })
      return
    }
    const mine = isMine(message)
    // The same key as while it was on its way: it stays where it is, and nothing flickers.
    const key = mine && message.clientMsgId ? `mine-${message.clientMsgId}` : `seq-${message.seq}`
    const state = mine ? ownState(message.seq, session) : null
    rows.push({ kind: 'message', key, message, mine, joins: joins && message.seq !== unreadFrom, state })
  })
  appendOutgoing(rows, messages[messages.length - 1], outgoing)
  return sparseStates(rows)
}

function appendOutgoing(rows: Row[], last: Message | undefined, outgoing: readonly Outgoing[]) {
  let before: { mine: boolean; time: string } | null = last ? { mine: isMine(last), time: last.createTime ?? '' } : null
  for (const one of outgoing) {
    const newDay = !before || (before.time !== '' && !isSameDay(before.time, one.createTime))
    if (newDay) rows.push({ kind: 'day', key: `day-${one.clientMsgId}`, time: one.createTime })
    const joins = !newDay && before !== null && before.mine && sameMinute(before.time, one.createTime)
    rows.push({ kind: 'outgoing', key: `mine-${one.clientMsgId}`, outgoing: one, joins, state: one.state })
    before = { mine: true, time: one.createTime }
  }
}

function sameMinute(a: string, b: string): boolean {
  return Math.floor(Date.parse(a) / 60_000) === Math.floor(Date.parse(b) / 60_000)
}

/** Of several messages in the same state the last one says so; what failed always does. */
function sparseStates(rows: Row[]): Row[] {
  let later: OwnState | null = null
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at]
    if (row?.kind === 'outgoing') later = row.state
    if (row?.kind !== 'message' || !row.state) continue
    const state: OwnState = row.state
    if (state === later || row.message.recalled) row.state = null
    else later = state
  }
  return rows
}
