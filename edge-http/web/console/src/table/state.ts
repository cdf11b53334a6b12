// What a list shows stands in the address: it survives a reload, can be sent to a colleague, and goes back with "back".

/** Which rows a list shows, in what order, and which row's details are open. */
export interface TableState {
  filters: Record<string, string>
  /** The API's order; empty for its own. */
  sort: string
  page: number
  size: number
  /** The id of the row whose details stand beside the list; empty for none. */
  open: string
}

/** What of an address belongs to a list. */
export interface StateRules {
  filterKeys: readonly string[]
  sorts: readonly string[]
}

/** The page sizes to choose from; the API gives at most 100. */
export const PAGE_SIZES = [20, 50, 100] as const

const DEFAULT_SIZE = PAGE_SIZES[0]

/** The value of an address parameter; a repeated one counts once. */
function single(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : ''
}

function wholeNumber(text: string): number {
  return /^\d{1,7}$/.test(text) ? Number(text) : 0
}

/** Reads the state from an address; what makes no sense is as if it were not there. */
export function readState(query: Record<string, unknown>, rules: StateRules): TableState {
  const filters: Record<string, string> = {}
  for (const key of rules.filterKeys) {
    const value = single(query[key])
    if (value) filters[key] = value
  }
  const sort = single(query.sort)
  const size = wholeNumber(single(query.size))
  return {
    filters,
    sort: rules.sorts.includes(sort.replace(/^-/, '')) ? sort : '',
    page: Math.max(1, wholeNumber(single(query.page))),
    size: PAGE_SIZES.some((allowed) => allowed === size) ? size : DEFAULT_SIZE,
    open: single(query.open),
  }
}

/** Writes the state as an address; what is as usual is left out, so that addresses stay short. */
export function writeState(state: TableState): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [key, value] of Object.entries(state.filters)) if (value) query[key] = value
  if (state.sort) query.sort = state.sort
  if (state.page > 1) query.page = String(state.page)
  if (state.size !== DEFAULT_SIZE) query.size = String(state.size)
  if (state.open) query.open = state.open
  return query
}

/** The state with filters set, or removed by an empty value; other rows begin at the first page. */
export function withFilters(state: TableState, changes: Record<string, string>): TableState {
  const filters = { ...state.filters, ...changes }
  for (const key of Object.keys(filters)) if (!filters[key]) delete filters[key]
  return { ...state, filters, page: 1, open: '' }
}

/** The state after a click on a column's head: rising, falling, as it comes. */
export function withNextSort(state: TableState, key: string): TableState {
  const sort = state.sort === key ? `-${key}` : state.sort === `-${key}` ? '' : key
  return { ...state, sort, page: 1 }
}

/** The page that exists where fewer rows are left than the page asked for. */
export function lastPage(total: number, size: number): number {
  return Math.max(1, Math.ceil(total / size))
}
