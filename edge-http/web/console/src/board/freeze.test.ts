import { describe, expect, it } from 'vitest'
import { hold, type HeldList } from './freeze.ts'

interface Row {
  id: string
  text: string
}
const row = (id: string, text = '') => ({ id, text })
const id = (item: Row) => item.id
const nothing: HeldList<Row> = { rows: [], fresh: 0 }

describe('a list', () => {
  it('follows what is new as long as nothing is selected', () => {
    const shown = hold(nothing, [row('a'), row('b')], id, false)
    expect(hold(shown, [row('b'), row('c')], id, false).rows.map((r) => r.item.id)).toEqual(['b', 'c'])
  })

  it('moves nothing while a selection is open, but tells what has changed', () => {
    const shown = hold(nothing, [row('a'), row('b'), row('c')], id, false)
    const held = hold(shown, [row('d'), row('c', 'new'), row('a')], id, true)
    expect(held.rows).toEqual([
      { item: row('a'), gone: false },
      { item: row('b'), gone: true },
      { item: row('c', 'new'), gone: false },
    ])
    expect(held.fresh).toBe(1)
  })

  it('shows a row that came back where it stood', () => {
    const shown = hold(nothing, [row('a'), row('b')], id, false)
    const without = hold(shown, [row('b')], id, true)
    expect(hold(without, [row('b'), row('a', 'back')], id, true).rows[0]).toEqual({
      item: row('a', 'back'),
      gone: false,
    })
  })

  it('lets go of everything at once', () => {
    const held = hold(hold(nothing, [row('a')], id, false), [row('b')], id, true)
    expect(hold(held, [row('b')], id, false)).toEqual({ rows: [{ item: row('b'), gone: false }], fresh: 0 })
  })
})
