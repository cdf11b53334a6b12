/** A file that waits to be sent, as it is kept. */
export interface KeptFile {
  /** The `clientMsgId` of the message that it becomes. */
  id: string
  /** Who sends it, as `CUSTOMER:7`; nobody else gets to see it. */
  owner: string
  sessionId: string
  name: string
  file: Blob
  /** The stored file, once it is on the server. */
  stored?: { fileId: string; contentType: 'IMAGE' | 'FILE' }
}

/** Keeps files beyond the page. */
export interface FileShelf {
  /** Keeps a file; false where that is not possible. */
  put(kept: KeptFile): Promise<boolean>
  remove(id: string): Promise<void>
  /** A file; undefined if it is not kept any more. */
  read(id: string): Promise<KeptFile | undefined>
  /** Somebody's files, in the order in which they were added. */
  list(owner: string): Promise<KeptFile[]>
}

const STORE = 'files'

/** Files in IndexedDB under a name. Where that is forbidden or full, nothing is kept. */
export function fileShelf(name: string): FileShelf {
  let opening: Promise<IDBDatabase> | undefined

  function open(): Promise<IDBDatabase> {
    opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' })
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error as DOMException)
      // An open that never answers would hold up every file.
      request.onblocked = () => reject(new DOMException('blocked'))
    })
    opening.catch(() => (opening = undefined))
    return opening
  }

  /** Runs one request; done when it is committed, not merely asked for. */
  async function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await open()
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode)
      const request = ask(transaction.objectStore(STORE))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onerror = () => reject(transaction.error as DOMException)
      transaction.onabort = () => reject(transaction.error as DOMException)
    })
  }

  return {
    put: (kept) =>
      run('readwrite', (store) => store.put(kept)).then(
        () => true,
        () => false,
      ),
    // What stays behind is sent once more under the same id, which changes nothing.
    remove: (id) => run('readwrite', (store) => store.delete(id)).catch(() => undefined),
    read: (id) => run('readonly', (store) => store.get(id) as IDBRequest<KeptFile | undefined>).catch(() => undefined),
    async list(owner) {
      try {
        const all = await run<KeptFile[]>('readonly', (store) => store.getAll() as IDBRequest<KeptFile[]>)
        return all.filter((kept) => kept.owner === owner)
      } catch {
        return []
      }
    },
  }
}
