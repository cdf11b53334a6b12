import { isPassing, KefuError } from '../error.js'
import type { Message, Principal, Session, Viewers, ViewSessionResponse } from '../generated/types.js'
import type { Kefu } from '../kefu.js'
import { safely } from './emitter.js'
import { newId } from './id.js'
import type { Mark } from './marks.js'
import type { Outgoing } from './outbox.js'
import type { Sequence } from './sequence.js'
import type { Accepted } from './wire.js'

/** What a message is made of. */
export interface NewMessage {
  content: string
  contentType?: 'TEXT' | 'IMAGE' | 'FILE'
  fileId?: string
  quoteMessageId?: string
  /** The same one for the same message, should it be sent again; a new one if left out. */
  clientMsgId?: string
}

/** What a conversation needs of the realtime client. */
export interface ConversationHost {
  readonly kefu: Kefu
  readonly sequence: Sequence
  /** Who is signed in, as `CUSTOMER:7`. */
  owner(): string
  session(): Session | undefined
  learn(session: Session): void
  outgoing(): Outgoing[]
  put(item: Outgoing): void
  drop(clientMsgId: string): void
  mark(mark: Mark): void
  type(): void
  close(): void
}

const PAGE = 50
/** So long somebody counts as typing after the last sign of it. */
const TYPING_MS = 5000
/** At most one sign of typing in this time. */
const TYPE_MS = 3000
/** How often to say again that one has it open: three times within what the server grants. */
const VIEW_MS = 15_000

/** One session's messages: history, live ones, and those on their way, merged. Arrays are new ones when they change. */
export class Conversation {
  /** In rising sequence, without a hole between the first and the last. */
  messages: readonly Message[] = []
  /** Those on their way, to be shown after the messages. */
  outgoing: readonly Outgoing[] = []
  /** What is being read. */
  loading: 'no' | 'opening' | 'older' = 'no'
  /** Why the last `open` or `loadOlder` failed. */
  error: KefuError | null = null
  /** Who types on the other side. */
  typing: Principal | null = null
  /** Which other users have the session open; known while one `view`s it, or is its agent. */
  viewers: readonly Principal[] = []
  /** How far has been said to be read here. */
  readSeq = 0

  private readonly watchers = new Set<() => void>()
  /** What came live while the history is being read. */
  private live: Message[] = []
  /** Stored, but not among the messages yet. */
  private readonly settled = new Map<string, { item: Outgoing; seq: number }>()
  private opened = false
  private round = 0
  private telling = false
  private typedAt = 0
  private typingTimer?: ReturnType<typeof setTimeout>
  private viewTimer?: ReturnType<typeof setInterval>
  private viewersVersion = 0
  private readonly clientId = newId()

  constructor(
    /** The session. */
    readonly sessionId: string,
    private readonly host: ConversationHost,
  ) {
    this.collect()
  }

  /** The session, as known last. */
  get session(): Session | null {
    return this.host.session() ?? null
  }

  /** Whether there are messages before the first. */
  get hasOlder(): boolean {
    return (this.messages[0]?.seq ?? 1) > 1
  }

  /** Reads the session and its newest messages. Says in `error` if that fails. */
  async open(): Promise<void> {
    if (this.loading === 'opening') return
    const round = ++this.round
    const { kefu, sequence } = this.host
    this.loading = 'opening'
    this.error = null
    this.live = []
    this.changed()
    sequence.hold()
    const request = { id: this.sessionId }
    try {
      const [session, page] = await Promise.all([
        kefu.getSession(request),
        kefu.listMessages({ ...request, size: PAGE }),
      ])
      if (round !== this.round) return
      this.host.learn(session)
      const list = [...page.list].sort((a, b) => a.seq - b.seq)
      const last = list[list.length - 1]?.seq ?? 0
      this.messages = list
      this.opened = true
      this.loading = 'no'
      this.live.forEach((message) => this.put(message))
      this.live = []
      sequence.begin(last)
      sequence.notice(Math.max(page.head, session.lastSeq))
    } catch (error) {
      if (round !== this.round) return
      sequence.begin(null)
      this.fail(error)
    }
    this.collect()
  }

  /** Reads the messages before the first. Says in `error` if that fails. */
  async loadOlder(): Promise<void> {
    const first = this.messages[0]?.seq
    if (this.loading !== 'no' || !first || first <= 1) return
    const { round } = this
    this.loading = 'older'
    this.error = null
    this.changed()
    try {
      const page = await this.host.kefu.listMessages({ id: this.sessionId, beforeSeq: first, size: PAGE })
      if (round !== this.round) return
      const older = page.list.filter((message) => message.seq < first).sort((a, b) => a.seq - b.seq)
      this.messages = [...older, ...this.messages]
      this.loading = 'no'
    } catch (error) {
      if (round !== this.round) return
      this.fail(error)
    }
    this.changed()
  }

  /** Sends a message; it is in the outbox when this returns. */
  send({ content, contentType = 'TEXT', fileId, quoteMessageId, clientMsgId = newId() }: NewMessage): Outgoing {
    const createTime = new Date().toISOString()
    const base = { sessionId: this.sessionId, clientMsgId, createTime, state: 'waiting' as const }
    const item: Outgoing = { ...base, content, contentType, fileId, quoteMessageId }
    this.host.put(item)
    // The message ends the typing on the other side: what is typed next is told at once.
    this.typedAt = 0
    return item
  }

  /** Sends a message again that was refused. */
  retry(clientMsgId: string): void {
    const item = this.find(clientMsgId)
    if (item?.state === 'failed') this.host.put({ ...item, state: 'waiting', error: undefined })
  }

  /** Gives a message up that is not under way, and returns it. */
  discard(clientMsgId: string): Outgoing | undefined {
    const item = this.find(clientMsgId)
    if (!item || item.state === 'sending') return undefined
    this.host.drop(clientMsgId)
    return item
  }

  /** Everything up to this message, or to the last, has been read. */
  markRead(seq = this.lastSeq): void {
    if (seq <= 0) return
    this.readSeq = Math.max(seq, this.readSeq)
    this.host.mark({ sessionId: this.sessionId, seq, kind: 'read' })
  }

  /** Tells the other side that one types; may be called for each key. */
  sendTyping(): void {
    const now = Date.now()
    if (Math.abs(now - this.typedAt) < TYPE_MS) return
    this.typedAt = now
    this.host.type()
  }

  /** Tells the other users that one has the session open, until `leave`. Whoever looks on in silence does not call it. */
  view(): void {
    if (this.viewTimer !== undefined) return
    this.viewTimer = setInterval(() => this.tellView(), VIEW_MS)
    this.tellView()
  }

  /** Tells the other users that one has closed the session. */
  leave(): void {
    if (this.viewTimer === undefined) return
    this.tellLeft()
    clearInterval(this.viewTimer)
    this.viewTimer = undefined
    this.viewers = []
    this.changed()
  }

  /** @internal The page is put away, perhaps for good. */
  tellLeft(): void {
    if (this.viewTimer === undefined) return
    const request = { id: this.sessionId, clientId: this.clientId, leave: true }
    // Without an answer it ends by itself, somewhat later.
    this.host.kefu.viewSession(request, { keepalive: true }).catch(() => undefined)
  }

  /** Tells when anything here has changed, once for all changes of a moment; returns how to stop that. */
  onChange(fn: () => void): () => void {
    this.watchers.add(fn)
    return () => void this.watchers.delete(fn)
  }

  /** Ends the watching. */
  close(): void {
    this.round++
    this.leave()
    this.watchers.clear()
    clearTimeout(this.typingTimer)
    this.host.close()
  }

  /** @internal A message, in its order. */
  take(message: Message): void {
    if (this.loading === 'opening') this.live.push(message)
    this.put(message)
    // Should the history have been older than what had come before it.
    if (this.opened && this.loading === 'no' && message.seq > this.lastSeq) void this.open()
    if (message.sender?.id === this.typing?.id && message.sender?.kind === this.typing?.kind) this.stopTyping()
    this.collect()
  }

  /** @internal A message that may be here was recalled. */
  recall(message: Message): void {
    const swap = (list: readonly Message[]) => list.map((known) => (known.seq === message.seq ? message : known))
    this.live = swap(this.live)
    this.messages = swap(this.messages)
    this.changed()
  }

  /** @internal A message was stored. */
  accept(accepted: Accepted): void {
    const { clientMsgId, seq } = accepted
    const item = this.outgoing.find((known) => known.clientMsgId === clientMsgId)
    if (item) this.settled.set(clientMsgId, { item: { ...item, state: 'sending' }, seq })
    this.collect()
  }

  /** @internal Somebody types. */
  typed(sender: Principal): void {
    if (`${sender.kind}:${sender.id}` === this.host.owner()) return
    clearTimeout(this.typingTimer)
    this.typingTimer = setTimeout(() => this.stopTyping(), TYPING_MS)
    this.typing = sender
    this.changed()
  }

  /** @internal Who has it open. */
  seen({ list, version }: Viewers): void {
    if (version < this.viewersVersion) return
    this.viewersVersion = version
    this.viewers = list.filter(({ kind, id }) => `${kind}:${id}` !== this.host.owner())
    this.changed()
  }

  /** @internal The history is another one. */
  reload(): void {
    if (!this.opened && this.loading !== 'opening') return
    this.loading = 'no'
    void this.open()
  }

  /** @internal There is a connection again, and it does not tell what has happened to the session meanwhile. */
  connected(): void {
    if (this.viewTimer !== undefined) this.tellView()
    if (!this.opened) {
      if (this.error && isPassing(this.error)) void this.open()
      return
    }
    const learn = (session: Session) => {
      this.host.learn(session)
      this.host.sequence.notice(session.lastSeq)
    }
    // Without an answer there will be another connection.
    this.host.kefu.getSession({ id: this.sessionId }).then(learn, () => undefined)
  }

  /** @internal What is on its way has changed. */
  collect(): void {
    for (const [id, { seq }] of this.settled) {
      if (this.opened && seq <= this.lastSeq) this.settled.delete(id)
    }
    const arrived = new Set(
      this.messages.filter((message) => this.isOwn(message)).map((message) => message.clientMsgId),
    )
    const waiting = this.host.outgoing().filter((item) => !this.settled.has(item.clientMsgId))
    const stored = [...this.settled.values()].map(({ item }) => item)
    this.outgoing = [...stored, ...waiting].filter((item) => !arrived.has(item.clientMsgId))
    this.changed()
  }

  /** @internal Tells the watchers, soon. */
  changed(): void {
    if (this.telling) return
    this.telling = true
    queueMicrotask(() => {
      this.telling = false
      for (const fn of [...this.watchers]) safely(fn)
    })
  }

  private tellView(): void {
    const learn = ({ viewers }: ViewSessionResponse) => {
      if (viewers && this.viewTimer !== undefined) this.seen(viewers)
    }
    // Without an answer it is said again soon.
    this.host.kefu.viewSession({ id: this.sessionId, clientId: this.clientId }).then(learn, () => undefined)
  }

  private put(message: Message): void {
    if (this.opened && message.seq === this.lastSeq + 1) this.messages = [...this.messages, message]
  }

  private get lastSeq(): number {
    return this.messages[this.messages.length - 1]?.seq ?? 0
  }

  private isOwn(message: Message): boolean {
    return message.clientMsgId !== '' && `${message.sender?.kind}:${message.sender?.id}` === this.host.owner()
  }

  private find(clientMsgId: string): Outgoing | undefined {
    return this.host.outgoing().find((item) => item.clientMsgId === clientMsgId)
  }

  private stopTyping(): void {
    clearTimeout(this.typingTimer)
    this.typing = null
    this.changed()
  }

  private fail(error: unknown): void {
    if (!(error instanceof KefuError)) throw error
    this.loading = 'no'
    this.error = error
    this.changed()
  }
}
