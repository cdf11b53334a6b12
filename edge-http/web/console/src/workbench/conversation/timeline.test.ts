import { describe, expect, it } from 'vitest'

import { message, note } from '../sample.ts'
import { timeline, type Spoken } from './timeline.ts'

const lines = (spoken: Partial<Spoken>) =>
  timeline({ messages: [], notes: [], outgoing: [], hasOlder: false, firstUnread: 0, ...spoken })
const kinds = (spoken: Partial<Spoken>) => lines(spoken).map((line) => line.kind)

describe('the lines of a conversation', () => {
  it('begin with the day', () => expect(kinds({ messages: [message(1)] })).toEqual(['day', 'message']))

  it('say where what is new begins', () => {
    expect(kinds({ messages: [message(1), message(2)], firstUnread: 2 })).toEqual([
      'day',
      'message',
      'unread',
      'message',
    ])
  })

  it('have the notes in their time', () => {
    const at = new Date(Date.UTC(2026, 10, 23, 4, 1, 30)).toISOString()
    const found = lines({ messages: [message(1), message(2)], notes: [note('5', at)] })
    expect(found.map((line) => line.key)).toEqual([expect.anything(), 'message-1', 'note-5', 'message-2'])
  })

  it('keep back notes from before the first message while there are older ones', () => {
    const early = new Date(Date.UTC(2026, 10, 23, 3)).toISOString()
    expect(kinds({ messages: [message(9)], notes: [note('5', early)], hasOlder: true })).toEqual(['day', 'message'])
    expect(kinds({ messages: [message(9)], notes: [note('5', early)] })).toEqual(['day', 'note', 'message'])
  })

  it('group one sender’s messages of one minute', () => {
    const createTime = message(1).createTime
    const found = lines({ messages: [message(1), message(2, { createTime })] })
    expect(found.slice(1)).toMatchObject([
      { joins: false, last: false },
      { joins: true, last: true },
    ])
  })
})
