import { KefuError, type ErrorData } from '../error.js'

/** A message on its way. A new object for each change. */
export interface Outgoing {
  readonly sessionId: string
  readonly clientMsgId: string
  readonly content: string
  readonly contentType: 'TEXT' | 'IMAGE' | 'FILE'
  readonly fileId?: string
  readonly quoteMessageId?: string
  readonly createTime: string
  readonly state: 'waiting' | 'sending' | 'failed'
  /** Why it failed: it was refused, and will not be sent again by itself. */
  readonly error?: KefuError
}

/** A message on its way, as it is stored and as tabs tell each other. */
export interface OutgoingData extends Omit<Outgoing, 'error'> {
  error?: ErrorData
}

/**
 * The messages on their way, of all tabs: in memory, and in storage for as long as they are not settled, so that
 * neither a reload nor the death of a tab loses one. Each has its own key, so that tabs cannot overwrite each other.
 */
export class Outbox {
  private readonly items = new Map<string, Outgoing>()
  /** Those that are in storage as well. */
  private readonly kept = new Set<string>()
  private readonly storage: Storage | null

  constructor(private readonly prefix: string) {
    this.storage = storageOf()
    this.load()
  }

  /** All, or those of a session, in the order in which they were written. */
  list(sessionId?: string): Outgoing[] {
    const items = [...this.items.values()].filter((item) => !sessionId || item.sessionId === sessionId)
    return items.sort((a, b) => (a.clientMsgId < b.clientMsgId ? -1 : 1))
  }

  /** One of them. */
  get(clientMsgId: string): Outgoing | undefined {
    return this.items.get(clientMsgId)
  }

  /** Adds or changes one. */
  put(item: Outgoing): void {
    this.items.set(item.clientMsgId, item)
    // Nobody is sending after a reload.
    const state = item.state === 'sending' ? 'waiting' : item.state
    try {
      this.storage?.setItem(this.prefix + item.clientMsgId, JSON.stringify({ ...item, state }))
      if (this.storage) this.kept.add(item.clientMsgId)
    } catch {
      // Full or forbidden: in memory it lives for as long as the page.
    }
  }

  /** Takes over what another tab has put, and stored. */
  learn(data: OutgoingData): Outgoing {
    const item = { ...data, error: data.error && new KefuError(data.error) }
    this.items.set(item.clientMsgId, item)
    if (this.stored(item.clientMsgId)) this.kept.add(item.clientMsgId)
    return item
  }

  /** Removes one: it has arrived, or is given up. */
  remove(clientMsgId: string): void {
    this.items.delete(clientMsgId)
    this.kept.delete(clientMsgId)
    try {
      this.storage?.removeItem(this.prefix + clientMsgId)
    } catch {
      // Sent once more after a reload, it is the same message.
    }
  }

  /** Looks at what other tabs have done while this one was not listening. */
  reconcile(): void {
    for (const id of this.kept) {
      if (this.stored(id)) continue
      this.items.delete(id)
      this.kept.delete(id)
    }
    this.load()
  }

  private load(): void {
    try {
      for (let i = 0; i < (this.storage?.length ?? 0); i++) {
        const key = this.storage?.key(i)
        if (!key?.startsWith(this.prefix)) continue
        const data = parse(this.storage?.getItem(key) ?? '')
        if (!data) continue
        this.kept.add(data.clientMsgId)
        if (!this.items.has(data.clientMsgId)) this.learn(data)
      }
    } catch {
      // Forbidden since: memory it is.
    }
  }

  private stored(id: string): boolean {
    try {
      return Boolean(this.storage?.getItem(this.prefix + id))
    } catch {
      return false
    }
  }
}

function storageOf(): Storage | null {
  try {
    return typeof localStorage === 'undefined' ? null : localStorage
  } catch {
    return null
  }
}

function parse(text: string): OutgoingData | null {
  try {
    const data = JSON.parse(text) as OutgoingData
    return typeof data.clientMsgId === 'string' && typeof data.sessionId === 'string' ? data : null
  } catch {
    return null
  }
}
