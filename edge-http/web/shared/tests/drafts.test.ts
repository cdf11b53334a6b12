import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { drafts } from '../src/drafts.ts'

class Shelf implements Storage {
  [name: string]: unknown
  readonly held = new Map<string, string>()
  full = false
  get length() {
    return this.held.size
  }
  clear() {
    this.held.clear()
  }
  getItem(key: string) {
    return this.held.get(key) ?? null
  }
  key(index: number) {
    return [...this.held.keys()][index] ?? null
  }
  removeItem(key: string) {
    this.held.delete(key)
  }
  setItem(key: string, value: string) {
    if (this.full) throw new DOMException('full', 'QuotaExceededError')
    this.held.set(key, value)
  }
}

describe('drafts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('saves half a second after the last key', () => {
    const shelf = new Shelf()
    const kept = drafts('d.', shelf)
    kept.write('1', '你')
    vi.advanceTimersByTime(400)
    kept.write('1', '你好')
    vi.advanceTimersByTime(499)
    expect(shelf.length).toBe(0)
    vi.advanceTimersByTime(1)
    expect(shelf.getItem('d.1')).toBe('你好')
    expect(drafts('d.', shelf).read('1')).toBe('你好')
  })

  it('never puts one text under another key, however fast one changes', () => {
    const shelf = new Shelf()
    const kept = drafts('d.', shelf)
    kept.write('a', 'to A')
    kept.write('b', 'to B')
    vi.runAllTimers()
    expect([shelf.getItem('d.a'), shelf.getItem('d.b')]).toEqual(['to A', 'to B'])
  })

  it('forgets what was sent, at once and for good', () => {
    const shelf = new Shelf()
    const kept = drafts('d.', shelf)
    kept.write('1', '你好')
    kept.write('1', '')
    vi.runAllTimers()
    expect([kept.read('1'), shelf.length]).toEqual(['', 0])
  })

  it('saves at once what waits when the page goes', () => {
    const shelf = new Shelf()
    const kept = drafts('d.', shelf)
    kept.write('1', '你好')
    kept.flush()
    expect(shelf.getItem('d.1')).toBe('你好')
  })

  it('keeps working without a storage, and with a full one', () => {
    const full = new Shelf()
    full.full = true
    for (const storage of [null, full]) {
      const kept = drafts('d.', storage)
      kept.write('1', '你好')
      vi.runAllTimers()
      expect(kept.read('1')).toBe('你好')
    }
  })
})
