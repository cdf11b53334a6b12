import type { Page } from './types.ts'

const SIZE = 100

/** Reads all pages of a list, up to a number of rows. */
export async function readAll<Row>(
  load: (page: { page: number; size: number }) => Promise<Page<Row>>,
  limit = 1000,
): Promise<Row[]> {
  const rows: Row[] = []
  for (let page = 1; rows.length < limit; page += 1) {
    const { list, total } = await load({ page, size: SIZE })
    rows.push(...list)
    if (list.length < SIZE || rows.length >= total) break
  }
  return rows
}
