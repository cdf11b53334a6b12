import { kefu } from '../app/kefu.ts'

/** Pictures that were fetched, by file id, as addresses for `<img>`: a file needs the login, which an `<img>` has not. */
const urls = new Map<string, Promise<string>>()

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
