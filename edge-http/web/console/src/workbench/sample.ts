import type { Message, Note, QuickReply } from '@kefu/sdk'

/** A message for tests. */
export function message(seq: number, with_: Partial<Message> = {}): Message {
  return {
    id: String(seq),
    sessionId: '1',
    seq,
    sender: { kind: 'CUSTOMER', id: '7', name: '王医生' },
    clientMsgId: `c${seq}`,
    contentType: 'TEXT',
    content: `第 ${seq} 条`,
    file: null,
    quoteMessageId: '0',
    recalled: false,
    createTime: new Date(Date.UTC(2026, 10, 23, 4, seq)).toISOString(),
    ...with_,
  }
}

/** A note for tests. */
export function note(id: string, createTime: string): Note {
  return { id, sessionId: '1', authorId: '3', authorName: '刘洋', content: '备注', createTime }
}

/** A quick reply for tests. */
export function reply(title: string, with_: Partial<QuickReply> = {}): QuickReply {
  const times = { createTime: null, updateTime: null }
  return { id: title, shared: true, category: '', shortcut: '', title, content: '', files: [], ...times, ...with_ }
}
