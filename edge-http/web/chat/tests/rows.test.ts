import type { Message, Outgoing, Session } from '@kefu/sdk'
import { describe, expect, it } from 'vitest'
import { firstUnread, ownState, rowsOf } from '../src/talk/rows.ts'

function said(seq: number, by: 'CUSTOMER' | 'USER' | 'SYSTEM', minute = seq, more: Partial<Message> = {}): Message {
  return {
    id: String(seq),
    sessionId: '1',
    seq,
    sender: { kind: by, id: '1', name: by },
    clientMsgId: by === 'CUSTOMER' ? `c${seq}` : '',
    contentType: by === 'SYSTEM' ? 'EVENT' : 'TEXT',
    content: 'x',
    file: null,
    quoteMessageId: '0',
    recalled: false,
    createTime: new Date(2026, 10, 23, 9, minute).toISOString(),
    ...more,
  }
}

function onItsWay(id: string, state: Outgoing['state'] = 'sending'): Outgoing {
  const createTime = new Date(2026, 10, 23, 9, 30).toISOString()
  return { sessionId: '1', clientMsgId: id, content: 'x', contentType: 'TEXT', state, createTime }
}

const session = (agentDeliveredSeq: number, agentReadSeq: number) => ({ agentDeliveredSeq, agentReadSeq }) as Session

describe('the lines of a conversation', () => {
  it('begin with the day and keep the order', () => {
    const rows = rowsOf([said(1, 'SYSTEM'), said(2, 'CUSTOMER'), said(3, 'USER')], [onItsWay('a')], null)
    expect(rows.map((row) => row.kind)).toEqual(['day', 'event', 'message', 'message', 'outgoing'])
  })

  it('keep the key of a message from its way until it is stored', () => {
    const before = rowsOf([], [onItsWay('a')], null)
    const after = rowsOf([said(1, 'CUSTOMER', 30, { clientMsgId: 'a' })], [], null)
    expect(before[1]?.key).toBe(after[1]?.key)
  })

  it('say how far a message has come once for all that have come as far', () => {
    const messages = [1, 2, 3, 4, 5].map((seq) => said(seq, 'CUSTOMER'))
    const rows = rowsOf(messages, [onItsWay('a', 'waiting')], session(4, 2))
    expect(rows.map((row) => ('state' in row ? row.state : undefined))).toEqual([
      undefined,
      null,
      'read',
      null,
      'delivered',
      'sent',
      'waiting',
    ])
  })

  it('show the line before what was unread, which then joins nothing', () => {
    const rows = rowsOf([said(1, 'USER', 5), said(2, 'USER', 5), said(3, 'USER', 5)], [], null, 2)
    expect(rows.map((row) => row.kind)).toEqual(['day', 'message', 'unread', 'message', 'message'])
    expect(rows.map((row) => 'joins' in row && row.joins)).toEqual([false, false, false, false, true])
  })

  it('tell a second agent from the first', () => {
    const event = (seq: number) => said(seq, 'SYSTEM', seq, { clientMsgId: `assigned-${seq}` })
    const rows = rowsOf([event(1), event(2)], [], null)
    expect(rows.flatMap((row) => (row.kind === 'event' ? [row.repeated] : []))).toEqual([false, true])
  })
})

describe('what was unread at the opening', () => {
  it('is the first message of somebody else after the mark', () => {
    const messages = [said(1, 'SYSTEM'), said(2, 'CUSTOMER'), said(3, 'USER'), said(4, 'USER')]
    expect(firstUnread(messages, 2)).toBe(3)
    expect(firstUnread(messages, 3)).toBe(4)
    expect(firstUnread(messages, 4)).toBe(0)
  })

  it('is not a line of Kefu, nor the very first message', () => {
    expect(firstUnread([said(1, 'SYSTEM'), said(2, 'SYSTEM')], 0)).toBe(0)
    expect(firstUnread([said(1, 'USER')], 0)).toBe(0)
  })
})

describe('how far a message has come', () => {
  it('follows the agent’s marks', () => {
    expect([1, 2, 3].map((seq) => ownState(seq, session(2, 1)))).toEqual(['read', 'delivered', 'sent'])
    expect(ownState(1, null)).toBe('sent')
  })
})
