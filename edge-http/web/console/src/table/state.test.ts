import { describe, expect, it } from 'vitest'
import { lastPage, readState, withFilters, withNextSort, writeState, type TableState } from './state.ts'

const rules = { filterKeys: ['keyword', 'status'], sorts: ['createTime', 'name'] }
const plain: TableState = { filters: {}, sort: '', page: 1, size: 20, open: '' }

describe('a list in the address', () => {
  it('is empty when all is as usual', () => {
    expect(readState({}, rules)).toEqual(plain)
    expect(writeState(plain)).toEqual({})
  })

  it.each<TableState>([
    { ...plain, filters: { keyword: '接种 & 建档' }, page: 3 },
    { ...plain, filters: { keyword: 'a', status: 'QUEUED,ACTIVE' }, sort: '-createTime', size: 100, open: '42' },
    { ...plain, sort: 'name', open: '7' },
  ])('comes back as it was written: %o', (state) => {
    expect(readState(writeState(state), rules)).toEqual(state)
  })

  it('ignores what makes no sense', () => {
    const query = { page: '-1', size: '7', sort: 'secret', status: '', other: 'x', open: ['3', '4'], keyword: null }
    expect(readState(query, rules)).toEqual({ ...plain, open: '3' })
    expect(readState({ page: '1e9', size: '100000' }, rules)).toEqual(plain)
  })

  it('begins at the first page and closes the details when other rows are asked for', () => {
    const state = { ...plain, filters: { keyword: 'a' }, page: 5, open: '9' }
    expect(withFilters(state, { status: 'ACTIVE' })).toEqual({ ...plain, filters: { keyword: 'a', status: 'ACTIVE' } })
    expect(withFilters(state, { keyword: '' })).toEqual(plain)
  })

  it('sorts rising, falling, and as it comes', () => {
    const once = withNextSort({ ...plain, page: 4 }, 'name')
    expect(once).toEqual({ ...plain, sort: 'name' })
    const twice = withNextSort(once, 'name')
    expect(twice.sort).toBe('-name')
    expect(withNextSort(twice, 'name').sort).toBe('')
    expect(withNextSort(twice, 'createTime').sort).toBe('createTime')
  })

  it('knows the last page', () => {
    expect([lastPage(0, 20), lastPage(20, 20), lastPage(21, 20)]).toEqual([1, 1, 2])
  })
})
