// Nothing moves while a selection is open: rows keep their places, change in place, and say when they are gone.

/** A row of a list that may be held still. */
export interface HeldRow<T> {
  item: T
  /** No longer in the list; stands where it stood until the list is let go. */
  gone: boolean
}

/** A list as it is shown. */
export interface HeldList<T> {
  rows: HeldRow<T>[]
  /** How many new ones are kept back. */
  fresh: number
}

/** What to show of new rows: all of them in their order, or, held still, the rows that are shown with their news. */
export function hold<T>(shown: HeldList<T>, next: readonly T[], id: (item: T) => string, still: boolean): HeldList<T> {
  if (!still) return { rows: next.map((item) => ({ item, gone: false })), fresh: 0 }
  const news = new Map(next.map((item) => [id(item), item]))
  const rows = shown.rows.map((row) => {
    const item = news.get(id(row.item))
    news.delete(id(row.item))
    return item === undefined ? { item: row.item, gone: true } : { item, gone: false }
  })
  return { rows, fresh: news.size }
}
