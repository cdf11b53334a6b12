import type { CallOptions } from '@kefu/sdk'

/** A column of a list. */
export interface Column<Row> {
  key: string
  label: string
  /** What an export writes, and what the cell shows where the page gives it no looks of its own. */
  text: (row: Row) => string
  /** The API's name for this order, where it has one. */
  sort?: string
  /** Not shown until somebody chooses it. */
  optional?: boolean
  /** A figure: stands at the end of its cell. */
  figure?: boolean
  /** The width wanted, as CSS. */
  width?: string
  /** Short words that stay in one line. */
  short?: boolean
}

/** A value to choose in a filter. */
export interface Choice {
  value: string
  label: string
}

/** A filter of a list; its key is its name in the address. */
export type Filter =
  | { key: string; label: string; kind: 'text' | 'date' | 'flag'; placeholder?: string }
  | { key: string; label: string; kind: 'choice'; choices: readonly Choice[] }

/** What a list asks for. */
export interface PageRequest {
  filters: Record<string, string>
  sort: string
  page: number
  size: number
}

/** A page of rows. */
export interface Page<Row> {
  list: Row[]
  total: number
}

/** A list: where its rows come from, and what of them can be shown and asked for. */
export interface TableSource<Row> {
  /** The name under which this browser keeps views and columns; also the name of exported files. */
  name: string
  columns: readonly Column<Row>[]
  filters: readonly Filter[]
  /** The key of the filter that is a search box, always in sight. */
  search?: { key: string; label: string }
  id: (row: Row) => string
  /** What a row is called, for those who hear the page. */
  title: (row: Row) => string
  load: (request: PageRequest, options: CallOptions) => Promise<Page<Row>>
}
