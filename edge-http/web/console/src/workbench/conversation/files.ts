import { kefu } from '../../app/kefu.ts'

/** Pictures kept in memory at once; older ones are loaded again when they are looked at again. */
const MOST = 80

const known = new Map<string, Promise<string>>()

/** The address of a file's content within this page. It needs the login, so it cannot be an address on the server. */
export function fileUrl(id: string): Promise<string> {
  const found = known.get(id)
  if (found) return found
  const url = kefu.downloadFile({ id }).then((blob) => URL.createObjectURL(blob))
  known.set(id, url)
  url.catch(() => known.delete(id))
  const oldest = known.size > MOST ? known.keys().next().value : undefined
  if (oldest !== undefined) {
    void known.get(oldest)?.then((old) => URL.revokeObjectURL(old))
    known.delete(oldest)
  }
  return url
}

/** Saves a file on the reader's disk. */
export async function saveFile(id: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await kefu.downloadFile({ id }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
