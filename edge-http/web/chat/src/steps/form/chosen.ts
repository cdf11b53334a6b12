/** The pictures chosen in the form. They can be uploaded once there is a session; until then they wait on the device,
 *  so that a page which the phone has closed meanwhile still has them. */
import { newId } from '@kefu/sdk'
import { fileShelf } from '@kefu/shared/fileShelf.ts'
import { ofTab } from '@kefu/shared/storage.ts'
import { shallowRef } from 'vue'

/** A picture chosen in the form. */
export interface Chosen {
  id: string
  file: File
}

/** What this tab remembers: which pictures are its own, and for which session they were submitted. */
interface Mark {
  form: string
  sessionId: string
}

/** A form that was left so long ago is not taken up again. */
const STALE_MS = 24 * 3600 * 1000
const KEY = 'kefu.chat.form.files'
const shelf = fileShelf('kefu.chat.form')

/** The pictures chosen, in their order. */
export const chosen = shallowRef<readonly Chosen[]>([])
let mark = readMark()

function readMark(): Mark {
  try {
    const kept = JSON.parse(ofTab?.getItem(KEY) ?? 'null') as Mark | null
    if (kept?.form) return kept
  } catch {
    // Begun anew.
  }
  return { form: newId(), sessionId: '' }
}

function write(now: Mark): void {
  mark = now
  try {
    ofTab?.setItem(KEY, JSON.stringify(now))
  } catch {
    // Then they last as long as the page.
  }
}

/** Takes up what was chosen before a reload, and clears away what other forms have left behind. */
export async function restoreChosen(): Promise<void> {
  const all = await shelf.list('form')
  const old = newIdAt(Date.now() - STALE_MS)
  for (const { id, sessionId } of all) if (id < old && sessionId !== mark.form) void shelf.remove(id)
  const before = all.filter(({ sessionId }) => sessionId === mark.form)
  const known = new Set(chosen.value.map(({ id }) => id))
  const restored = before.map(({ id, name, file }) => ({ id, file: new File([file], name, { type: file.type }) }))
  chosen.value = [...restored.filter(({ id }) => !known.has(id)), ...chosen.value]
}

/** The least id made at a time: ids begin with it. */
function newIdAt(time: number): string {
  const hex = time.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** Adds pictures, up to so many in all. */
export function choose(files: Iterable<File>, most: number): void {
  const more = [...files].slice(0, Math.max(0, most - chosen.value.length)).map((file) => ({ id: newId(), file }))
  chosen.value = [...chosen.value, ...more]
  write(mark)
  for (const { id, file } of more) void shelf.put({ id, owner: 'form', sessionId: mark.form, name: file.name, file })
}

/** Takes a picture back. */
export function unchoose(id: string): void {
  chosen.value = chosen.value.filter((one) => one.id !== id)
  void shelf.remove(id)
}

/** The form was accepted: its pictures belong to a session. */
export function submitChosen(sessionId: string): void {
  write({ ...mark, sessionId })
}

/** Hands the pictures that were submitted for a session over, once. */
export async function handOverChosen(sessionId: string, take: (files: File[]) => void): Promise<void> {
  if (mark.sessionId !== sessionId) return
  await restoreChosen()
  take(chosen.value.map(({ file }) => file))
  for (const { id } of chosen.value) unchoose(id)
  write({ form: newId(), sessionId: '' })
}
