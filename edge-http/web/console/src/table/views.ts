// What somebody keeps of a list in this browser: views by name, and the columns chosen.
import { readStored, writeStored } from '../app/storage.ts'

/** A list as somebody wants to find it again. */
export interface SavedView {
  name: string
  /** The address without page and open row. */
  query: Record<string, string>
  columns: string[]
}

const viewsKey = (table: string) => `kefu.console.views.${table}`
const columnsKey = (table: string) => `kefu.console.columns.${table}`

/** The saved views of a list. */
export function readViews(table: string): SavedView[] {
  return readStored<SavedView[]>(viewsKey(table), [])
}

/** Saves a view; one of the same name is replaced. */
export function saveView(table: string, view: SavedView): SavedView[] {
  const views = [...readViews(table).filter((other) => other.name !== view.name), view]
  writeStored(viewsKey(table), views)
  return views
}

/** Forgets a view. */
export function removeView(table: string, name: string): SavedView[] {
  const views = readViews(table).filter((view) => view.name !== name)
  writeStored(viewsKey(table), views)
  return views
}

/** The columns chosen for a list; null where nothing was chosen. */
export function readColumns(table: string): string[] | null {
  return readStored<string[] | null>(columnsKey(table), null)
}

/** Keeps the columns chosen for a list. */
export function writeColumns(table: string, columns: string[]): void {
  writeStored(columnsKey(table), columns)
}
