import { isPassing, KefuError, newId, type Kefu, type NewMessage } from '@kefu/sdk'

import type { FileShelf, KeptFile } from './fileShelf.ts'
import { shrinkImage } from './image.ts'

/** A file on its way to the server; its message follows when it has arrived. A new object for each change. */
export interface Upload {
  /** The `clientMsgId` of the message that it becomes. */
  readonly id: string
  readonly sessionId: string
  readonly name: string
  readonly file: Blob
  /** Waiting: for its turn, or for the network. Failed: it was refused, and waits for a decision. */
  readonly state: 'waiting' | 'preparing' | 'uploading' | 'failed'
  /** 0 to 1. */
  readonly progress: number
  /** Why it failed, in the user's words. */
  readonly failure: string
}

/** What the page does for its uploads. */
export interface UploadsHost {
  kefu: Kefu
  /** Where files are kept until they are accepted. */
  shelf: FileShelf
  /** Puts a message into the outbox of its session. */
  send(sessionId: string, message: NewMessage): void
  /** Why a file makes no sense to send, in the user's words; empty if nothing is wrong with it. */
  refuse(file: Blob): string
  /** A failure in the user's words. */
  words(error: unknown): string
}

interface Entry {
  upload: Upload
  kept: KeptFile
  /** It survives the page. */
  safe: boolean
  /** Sent, or given up: it must not come back. */
  done: boolean
  abort: AbortController
  /** Lets other tabs have it. */
  release: () => void
}

/** The largest file that the server takes by default; it has the last word. */
export const MOST_BYTES = 50 * 1024 * 1024

const RETRY_MS = 2000
const MOST_RETRY_MS = 30_000

/**
 * The files on their way, of all sessions. They go in the order in which they were added, one at a time in a session.
 * A file is kept beyond the page until its message is in the outbox, and goes on where it was under the same
 * `clientMsgId`, so that neither a reload nor a lost network loses or doubles it.
 */
export class Uploads {
  private readonly entries = new Map<string, Entry>()
  private readonly running = new Set<string>()
  private readonly watchers = new Set<() => void>()
  private failures = 0
  private timer?: ReturnType<typeof setTimeout>

  constructor(private readonly host: UploadsHost) {}

  /** The files on their way in a session. */
  of(sessionId: string): Upload[] {
    return [...this.entries.values()].map(({ upload }) => upload).filter((upload) => upload.sessionId === sessionId)
  }

  /** Whether leaving the page now would lose a file. */
  get atRisk(): boolean {
    return [...this.entries.values()].some(({ safe }) => !safe)
  }

  /** Tells of every change; returns how to stop that. */
  onChange(fn: () => void): () => void {
    this.watchers.add(fn)
    return () => void this.watchers.delete(fn)
  }

  /** Sends files. */
  add(sessionId: string, files: Iterable<File>): void {
    for (const file of files) {
      const name = file.name || 'image.png'
      const kept: KeptFile = { id: newId(), owner: this.owner, sessionId, name, file }
      void this.keepNew(this.enter(kept))
    }
    this.run(sessionId)
  }

  /** Takes up the files that are kept from before, and those that wait for the network. Called after the sign-in, and
      whenever there is a connection again. */
  async resume(): Promise<void> {
    const { owner } = this
    if (!owner) return
    for (const kept of await this.host.shelf.list(owner)) {
      if (!this.entries.has(kept.id)) await this.takeUp(kept.id)
    }
    clearTimeout(this.timer)
    this.failures = 0
    new Set([...this.entries.values()].map(({ kept }) => kept.sessionId)).forEach((id) => this.run(id))
  }

  /** Stops everything: somebody else may sign in. What is kept waits for its owner. */
  stop(): void {
    clearTimeout(this.timer)
    for (const id of [...this.entries.keys()]) this.leave(id)
  }

  /** Tries a file again that has failed. */
  retry(id: string): void {
    const entry = this.entries.get(id)
    if (entry?.upload.state !== 'failed') return
    this.show(entry, { state: 'waiting', failure: '', progress: 0 })
    this.run(entry.kept.sessionId)
  }

  /** Gives a file up. */
  remove(id: string): void {
    const entry = this.entries.get(id)
    if (!entry) return
    entry.done = true
    this.leave(id)
    void this.host.shelf.remove(id)
  }

  private get owner(): string {
    return this.host.kefu.tokens.read()?.owner ?? ''
  }

  private enter(kept: KeptFile): Entry {
    const { id, sessionId, name, file } = kept
    const upload: Upload = { id, sessionId, name, file, state: 'waiting', progress: 0, failure: '' }
    const abort = new AbortController()
    const entry: Entry = { upload, kept, safe: false, done: false, abort, release: () => undefined }
    this.entries.set(id, entry)
    this.changed()
    return entry
  }

  private async keepNew(entry: Entry): Promise<void> {
    const { id } = entry.kept
    const release = await hold(id)
    if (release && this.entries.get(id) === entry) entry.release = release
    else release?.()
    entry.safe = await this.keep(entry)
  }

  /** Takes up a file that is kept from before, unless another tab is at it or was done with it meanwhile. */
  private async takeUp(id: string): Promise<void> {
    const release = await hold(id)
    const kept = release && (await this.host.shelf.read(id))
    if (!kept || this.entries.has(id) || kept.owner !== this.owner) return release?.()
    Object.assign(this.enter(kept), { safe: true, release })
  }

  private async keep(entry: Entry): Promise<boolean> {
    const safe = await this.host.shelf.put(entry.kept)
    if (entry.done) await this.host.shelf.remove(entry.kept.id)
    return safe
  }

  private leave(id: string): void {
    const entry = this.entries.get(id)
    this.entries.delete(id)
    entry?.abort.abort()
    entry?.release()
    this.changed()
  }

  private run(sessionId: string): void {
    if (this.running.has(sessionId)) return
    this.running.add(sessionId)
    void this.drain(sessionId).finally(() => this.running.delete(sessionId))
  }

  private async drain(sessionId: string): Promise<void> {
    for (;;) {
      const next = [...this.entries.values()].find(
        ({ upload }) => upload.sessionId === sessionId && upload.state === 'waiting',
      )
      if (!next || !(await this.transfer(next))) return
    }
  }

  /** Brings one file to the server; false if there is no point in trying the next one now. */
  private async transfer(entry: Entry): Promise<boolean> {
    const { kept, abort } = entry
    try {
      const stored = kept.stored ?? (await this.store(entry))
      if (abort.signal.aborted) return true
      this.host.send(kept.sessionId, { content: '', clientMsgId: kept.id, ...stored })
      this.failures = 0
      this.remove(kept.id)
    } catch (error) {
      if (abort.signal.aborted) return true
      if (error instanceof KefuError && (isPassing(error) || error.status === 401)) {
        this.show(entry, { state: 'waiting', progress: 0 })
        this.later(error)
        return false
      }
      this.show(entry, {
        state: 'failed',
        failure: error instanceof RangeError ? error.message : this.host.words(error),
      })
    }
    return true
  }

  private async store(entry: Entry): Promise<NonNullable<KeptFile['stored']>> {
    const { kept, abort } = entry
    this.show(entry, { state: 'preparing', progress: 0 })
    // What was kept may have lost its name.
    const file = await shrinkImage(new File([kept.file], kept.name, { type: kept.file.type }))
    const wrong = this.host.refuse(file)
    if (wrong) throw new RangeError(wrong)
    const onProgress = (sent: number, total: number) =>
      this.show(entry, { state: 'uploading', progress: total > 0 ? sent / total : 0 })
    const { id, contentType } = await this.host.kefu.uploadFile(
      { file, name: file.name, sessionId: kept.sessionId },
      { signal: abort.signal, onProgress },
    )
    kept.stored = { fileId: id, contentType: contentType.startsWith('image/') ? 'IMAGE' : 'FILE' }
    if (entry.safe) await this.keep(entry)
    return kept.stored
  }

  private later(error: KefuError): void {
    if (error.status === 401) return
    const pause = error.retryAfterMs ?? Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** this.failures++)
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      const { failures } = this
      void this.resume().then(() => (this.failures = failures))
    }, pause)
  }

  private show(entry: Entry, change: Partial<Upload>): void {
    if (this.entries.get(entry.kept.id) !== entry) return
    entry.upload = { ...entry.upload, ...change }
    this.changed()
  }

  private changed(): void {
    this.watchers.forEach((fn) => fn())
  }
}

/** Makes a file this tab's business until it is released; null if it is another tab's. */
function hold(id: string): Promise<(() => void) | null> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  // Without locks two tabs may both send it; the id lets only one message be.
  if (!locks) return Promise.resolve(() => undefined)
  return new Promise((resolve) => {
    const asked = locks.request(`kefu.upload.${id}`, { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(null)
      return new Promise<void>((done) => resolve(done))
    })
    asked.catch(() => resolve(() => undefined))
  })
}
