import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { draftsOf } from './drafts.ts'

let user = 0

describe('drafts', () => {
  beforeEach(() => {
    localStorage.clear()
    vi.useFakeTimers()
  })
  afterEach(() => vi.useRealTimers())

  const stored = (id: string, session: string) => localStorage.getItem(`kefu.console.draft.${id}.${session}.reply`)

  it('keeps each text in its own session when one switches fast', () => {
    const id = String(++user)
    const drafts = draftsOf(id, localStorage)
    drafts.write('a', 'reply', '给甲的')
    vi.advanceTimersByTime(100)
    expect(drafts.read('b', 'reply')).toBe('')
    drafts.write('b', 'reply', '给乙的')
    vi.advanceTimersByTime(1000)
    expect([stored(id, 'a'), stored(id, 'b')]).toEqual(['给甲的', '给乙的'])
  })

  it('keeps answers and notes apart', () => {
    const drafts = draftsOf(String(++user), localStorage)
    drafts.write('a', 'note', '客户很急')
    expect(drafts.read('a', 'reply')).toBe('')
    expect(drafts.read('a', 'note')).toBe('客户很急')
  })

  it('saves 500 ms after the last key', () => {
    const id = String(++user)
    const drafts = draftsOf(id, localStorage)
    drafts.write('a', 'reply', '您')
    vi.advanceTimersByTime(400)
    drafts.write('a', 'reply', '您好')
    vi.advanceTimersByTime(400)
    expect(stored(id, 'a')).toBeNull()
    vi.advanceTimersByTime(100)
    expect(stored(id, 'a')).toBe('您好')
  })

  it('saves at once when the page goes', () => {
    const id = String(++user)
    draftsOf(id, localStorage).write('a', 'reply', '没写完')
    dispatchEvent(new Event('pagehide'))
    expect(stored(id, 'a')).toBe('没写完')
  })

  it('knows after a reload which sessions have one', () => {
    localStorage.setItem('kefu.console.draft.later.9.reply', '接着写')
    expect([...draftsOf('later', localStorage).begun]).toEqual([['9', '接着写']])
  })

  it('does not show one user’s drafts to another', () => {
    draftsOf(String(++user), localStorage).write('a', 'reply', '甲的')
    expect(draftsOf(String(++user), localStorage).read('a', 'reply')).toBe('')
  })
})
