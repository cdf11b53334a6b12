import { onScopeDispose, ref, type Ref } from 'vue'

import { saveBlob, toCsv } from './csv.ts'
import { today } from './time.ts'
import type { TableState } from './state.ts'
import type { Column, TableSource } from './types.ts'

/** The most rows that one file takes: a browser still copes, and nobody reads more. */
export const EXPORT_LIMIT = 10_000

const PAGE = 100

/** Writes all rows that the filters let through into a file, page by page. */
export function useExport<Row>(source: Ref<TableSource<Row>>, state: Ref<TableState>) {
  /** Rows read so far; null while nothing is exported. */
  const progress = ref<number | null>(null)
  const call = new AbortController()
  onScopeDispose(() => call.abort())

  /** Says how many rows the file has, and how many there would be. */
  async function run(columns: readonly Column<Row>[]): Promise<{ written: number; total: number }> {
    progress.value = 0
    try {
      const { filters, sort } = state.value
      const lines = [columns.map((column) => column.label)]
      let total = 0
      for (let page = 1; page === 1 || (lines.length - 1 < total && page <= EXPORT_LIMIT / PAGE); page += 1) {
        const answer = await source.value.load({ filters, sort, page, size: PAGE }, { signal: call.signal })
        if (answer.list.length === 0) break
        total = answer.total
        for (const row of answer.list) lines.push(columns.map((column) => column.text(row)))
        progress.value = lines.length - 1
      }
      const csv = new Blob([toCsv(lines)], { type: 'text/csv;charset=utf-8' })
      saveBlob(`${source.value.name}-${today()}.csv`, csv)
      return { written: lines.length - 1, total }
    } finally {
      progress.value = null
    }
  }

  return { progress, run }
}
