import { kefu } from '../app/kefu.ts'

/** Contents that were fetched, by file id, as addresses for `<img>`: a file needs the login, which an `<img>` has not. */
const urls = new Map<string, Promise<string>>()

/** What is known of files that were sent from here, while their messages are still on the way. */
const sent = new Map<string, SentFile>()

/** A file that was sent from here. */
export interface SentFile {
  id: string
  name: string
  size: number
}

/** Keeps the content of a file that was sent from here. */
export function rememberFile(id: string, name: string, content: Blob): void {
  sent.set(id, { id, name, size: content.size })
  if (!urls.has(id)) urls.set(id, Promise.resolve(URL.createObjectURL(content)))
}

/** A file that was sent from here; null if this page has not sent it. */
export function sentFile(id: string): SentFile | null {
  return sent.get(id) ?? null
}

/** The address of a file's content. What failed is fetched anew. */
export function fileUrl(id: string): Promise<string> {
  const known = urls.get(id)
  if (known) return known
  const url = kefu.downloadFile({ id }).then((blob) => URL.createObjectURL(blob))
  urls.set(id, url)
  url.catch(() => urls.delete(id))
  return url
}

/** Gives a file's content to the browser to save. */
export async function saveFile(id: string, name: string): Promise<void> {
  const link = document.createElement('a')
  link.href = await fileUrl(id)
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
}
