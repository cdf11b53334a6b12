import { KefuError, ownError } from '../error.js'
import type { Message, Principal, Session } from '../generated/types.js'
import type { Kefu } from '../kefu.js'
import { Conversation, type ConversationHost } from './conversation.js'
import { Emitter } from './emitter.js'
import { newId } from './id.js'
import { Knowledge } from './knowledge.js'
import { Leader } from './leader.js'
import type { ConnectionState, Resume } from './link.js'
import type { Mark } from './marks.js'
import type { RealtimeEvents, RealtimeOptions } from './events.js'
import { watchPage } from './page.js'
import { Outbox, type Outgoing } from './outbox.js'
import { Sequence } from './sequence.js'
import { Tabs } from './tabs.js'
import type { TabMessage } from './talk.js'
import type { Accepted, InboundFrame } from './wire.js'

/** The most cursors that the server takes. */
const MAX_CURSORS = 200

/** Hears what happens, and sends what must not get lost. */
export class Realtime {
  /** How things stand with the connection. */
  state: ConnectionState = 'stopped'

  private readonly events = new Emitter<RealtimeEvents>()
  private readonly conversations = new Map<string, Conversation>()
  private readonly sequences = new Map<string, Sequence>()
  private readonly knowledge = new Knowledge()
  // One for each tab: the same device twice would replace itself.
  private readonly deviceId = newId()
  private owner = ''
  private outbox_: Outbox | null = null
  private epoch = ''
  private started = false
  private tabs: Tabs<TabMessage> | null = null
  private leader: Leader | null = null
  private offs: (() => void)[] = []

  constructor(
    private readonly kefu: Kefu,
    private readonly options: RealtimeOptions = {},
  ) {}

  /** Asks to be told; returns how to stop that. */
  on<K extends keyof RealtimeEvents>(event: K, fn: (value: RealtimeEvents[K]) => void): () => void {
    return this.events.on(event, fn)
  }

  /** Connects, and stays connected until `stop`, or until the login ends. */
  start(): void {
    if (this.started) return
    this.started = true
    this.identify()
    if (!this.kefu.signedIn)
      return queueMicrotask(() => this.fail(ownError('UNAUTHENTICATED', this.kefu.language, 401)))
    this.turn('connecting')
    this.watch()
    this.join()
  }

  /** Disconnects. What is on its way stays in storage. */
  stop(): void {
    if (!this.started) return
    this.started = false
    this.offs.forEach((off) => off())
    this.offs = []
    this.leave()
    this.turn('stopped')
  }

  /** The messages of a session; the same object until it is closed. */
  conversation(sessionId: string): Conversation {
    let conversation = this.conversations.get(sessionId)
    if (!conversation) {
      this.identify()
      conversation = new Conversation(sessionId, this.host(sessionId))
      this.conversations.set(sessionId, conversation)
    }
    return conversation
  }

  /** Tries at once; when online, makes sure of it. */
  retryNow(): void {
    if (!this.started) return
    this.leader?.hurry()
    this.sequences.forEach((sequence) => sequence.hurry())
    if (!this.tabs?.leads) this.tabs?.ask()
    this.tabs?.post({ t: 'hurry' })
  }

  private get outbox(): Outbox {
    return (this.outbox_ ??= new Outbox(`${this.options.storageKey ?? 'kefu'}:outbox:${this.owner}:`))
  }

  /** Sees who is signed in; for somebody else everything begins anew. */
  private identify(): void {
    const owner = this.kefu.tokens.read()?.owner ?? ''
    if (owner === this.owner) return
    this.owner = owner
    this.outbox_ = null
    this.epoch = ''
    this.knowledge.reset()
    this.sequences.forEach((sequence) => sequence.stop())
    this.sequences.clear()
    for (const conversation of [...this.conversations.values()]) conversation.close()
  }

  private join(): void {
    const { storageKey = 'kefu', shareTabs = true } = this.options
    this.tabs = new Tabs(`${storageKey}:realtime:${this.owner}`, shareTabs, {
      onLead: () => this.lead(),
      onFollow: () => {
        this.unlink()
        this.turn('connecting')
      },
      onMessage: (message) => this.hear(message),
      onAsk: () => {
        this.outbox.reconcile()
        this.tabs?.post({ t: 'hello', items: this.outbox.list().filter((item) => item.state !== 'failed') })
      },
    })
  }

  private leave(): void {
    this.tabs?.stop()
    this.tabs = null
    this.unlink()
  }

  private unlink(): void {
    const { leader } = this
    this.leader = null
    leader?.stop()
  }

  /** This tab holds the connection from now on. */
  private lead(): void {
    this.outbox.reconcile()
    const make = this.options.webSocket ?? (typeof WebSocket === 'undefined' ? undefined : WebSocket)
    this.leader = new Leader(this.kefu, this.outbox, this.deviceId, make, {
      onState: (state) => {
        // One that has been replaced has nothing to say.
        if (!this.leader) return
        this.turn(state)
        this.tellHere()
      },
      onFrame: (frame) => {
        this.tabs?.post({ t: 'frame', frame })
        this.handle(frame)
      },
      onEpoch: (epoch) => (this.epoch = epoch),
      onChange: (item) => {
        this.tabs?.post({ t: 'put', item: { ...item, error: item.error?.toJSON() } })
        this.changed(item)
      },
      onAccepted: (accepted) => {
        this.tabs?.post({ t: 'accepted', accepted })
        this.accepted(accepted)
      },
      // No cursor for it from now on.
      onForeign: (sessionId) => {
        if (!this.conversations.has(sessionId)) this.sequences.delete(sessionId)
      },
      onFatal: (error) => {
        this.tabs?.post({ t: 'fatal', error: error.toJSON() })
        this.fail(error)
      },
      resume: () => this.resume(),
    })
    this.tellHere()
  }

  private resume(): Resume | undefined {
    if (!this.epoch) return undefined
    const all = [...this.sequences].filter(([, sequence]) => sequence.last !== null)
    const cursors = Object.fromEntries(all.slice(-MAX_CURSORS).map(([id, sequence]) => [id, sequence.last ?? 0]))
    return { epoch: this.epoch, cursors, notificationId: this.knowledge.notificationId }
  }

  private tellHere(): void {
    if (!this.leader) return
    const heads = [...this.sequences].map(([id, { last }]): [string, number] => [id, last ?? 0])
    this.tabs?.post({ t: 'here', state: this.leader.state, epoch: this.epoch, heads })
  }

  /** What another tab tells. */
  private hear(message: TabMessage): void {
    if (!this.started) return
    switch (message.t) {
      case 'frame':
        this.handle(message.frame)
        break
      case 'accepted':
        this.outbox.remove(message.accepted.clientMsgId)
        this.accepted(message.accepted)
        break
      case 'put':
        this.changed(this.outbox.learn(message.item))
        break
      case 'drop':
        this.gone(message.clientMsgId)
        break
      case 'fatal':
        this.fail(new KefuError(message.error))
        break
      case 'here':
        if (!this.leader) this.follow(message.state, message.epoch, message.heads)
        break
      default:
        if (this.leader) this.serve(this.leader, message)
    }
    this.leader?.pump()
  }

  /** How things stand, says the leader. */
  private follow(state: ConnectionState, epoch: string, heads: [string, number][]): void {
    this.epoch = epoch
    this.turn(state)
    heads.forEach(([id, head]) => this.sequences.get(id)?.notice(head))
  }

  /** What a follower asks of the leader. */
  private serve(leader: Leader, message: TabMessage): void {
    if (message.t === 'mark') leader.mark(message.mark)
    else if (message.t === 'typing') leader.type(message.sessionId)
    else if (message.t === 'hurry') leader.hurry()
    else if (message.t === 'hello') {
      for (const item of message.items) {
        if (!this.outbox.get(item.clientMsgId)) this.changed(this.outbox.learn(item))
      }
      this.tellHere()
    }
  }

  /** A frame from the server, in whichever tab it arrived. */
  private handle(frame: InboundFrame): void {
    switch (frame.type) {
      case 'message':
        if (frame.data.full) this.sequence(frame.data.sessionId).push(frame.data.full)
        break
      case 'session_update':
        this.learn(frame.data)
        break
      case 'status_update':
        if (this.knowledge.learnStatus(frame.data)) this.events.emit('status', frame.data)
        break
      case 'notification':
        if (frame.data.notification && this.knowledge.learnNotification(frame.data)) {
          this.events.emit('notification', frame.data.notification)
        }
        break
      case 'typing':
        if (frame.data.sender) this.typed(frame.data.sessionId, frame.data.sender)
        break
      case 'viewers':
        this.events.emit('viewers', frame.data)
        this.conversations.get(frame.data.sessionId)?.seen(frame.data)
        break
      case 'head':
        this.catchUp(frame.data.sessionId, frame.data.head)
        break
      case 'resync':
        if (frame.data.reason === 'too_far') this.sequences.get(frame.data.sessionId)?.notice(frame.data.head)
        else this.restart(frame.data.sessionId)
    }
  }

  private catchUp(sessionId: string, head: number): void {
    const sequence = this.sequences.get(sessionId)
    if ((sequence?.last ?? 0) > head) this.restart(sessionId)
    else sequence?.notice(head)
  }

  private learn(session: Session): void {
    if (!this.knowledge.learnSession(session)) return
    this.events.emit('session', session)
    const conversation = this.conversations.get(session.id)
    if (!conversation) return
    conversation.changed()
    // A session that is watched but not followed: this is all that tells of its messages.
    this.sequences.get(session.id)?.notice(session.lastSeq)
  }

  private typed(sessionId: string, sender: Principal): void {
    this.events.emit('typing', { sessionId, sender })
    this.conversations.get(sessionId)?.typed(sender)
  }

  /** The cursors are good for nothing: of one session, or (`0`) of all, as the database was restored. */
  private restart(sessionId: string): void {
    if (sessionId === '0') this.knowledge.reset()
    for (const [id, sequence] of this.sequences) {
      if (sessionId !== '0' && sessionId !== id) continue
      sequence.reset()
      this.conversations.get(id)?.reload()
    }
  }

  private sequence(sessionId: string): Sequence {
    let sequence = this.sequences.get(sessionId)
    if (!sequence) {
      sequence = new Sequence(this.kefu, sessionId, {
        onMessage: (message) => {
          this.deliver(message)
          this.events.emit('message', message)
        },
        onRecall: (message) => {
          this.conversations.get(sessionId)?.recall(message)
          this.events.emit('recall', message)
        },
      })
      this.sequences.set(sessionId, sequence)
    }
    return sequence
  }

  private deliver(message: Message): void {
    const { sessionId, seq, sender } = message
    this.conversations.get(sessionId)?.take(message)
    if (`${sender?.kind}:${sender?.id}` === this.owner || !this.serves(sessionId)) return
    this.leader?.mark({ sessionId, seq, kind: 'delivered' })
  }

  /** Whether it is for this principal to say that messages have arrived: not for a supervisor who looks on. */
  private serves(sessionId: string): boolean {
    const agentId = this.knowledge.session(sessionId)?.agentId ?? '0'
    return !this.owner.startsWith('USER') || agentId === '0' || this.owner === `USER:${agentId}`
  }

  private accepted(accepted: Accepted): void {
    const sequence = this.sequences.get(accepted.sessionId)
    this.conversations.get(accepted.sessionId)?.accept(accepted)
    if (accepted.message) sequence?.push(accepted.message)
    else sequence?.notice(accepted.seq)
  }

  private changed(item: Outgoing): void {
    this.conversations.get(item.sessionId)?.collect()
    this.events.emit('outgoing', item)
  }

  private gone(clientMsgId: string): void {
    const item = this.outbox.get(clientMsgId)
    this.outbox.remove(clientMsgId)
    if (item) this.conversations.get(item.sessionId)?.collect()
  }

  private mark(mark: Mark): void {
    if (!this.serves(mark.sessionId)) return
    if (this.leader) this.leader.mark(mark)
    else this.tabs?.post({ t: 'mark', mark })
  }

  private host(sessionId: string): ConversationHost {
    return {
      kefu: this.kefu,
      sequence: this.sequence(sessionId),
      owner: () => this.owner,
      session: () => this.knowledge.session(sessionId),
      learn: (session) => this.learn(session),
      outgoing: () => this.outbox.list(sessionId),
      put: (item) => {
        this.outbox.put(item)
        this.tabs?.post({ t: 'put', item: { ...item, error: undefined } })
        this.changed(item)
        this.leader?.pump()
      },
      drop: (clientMsgId) => {
        this.tabs?.post({ t: 'drop', clientMsgId })
        this.gone(clientMsgId)
      },
      mark: (mark) => this.mark(mark),
      type: () => {
        if (this.leader) this.leader.type(sessionId)
        else this.tabs?.post({ t: 'typing', sessionId })
      },
      close: () => void this.conversations.delete(sessionId),
    }
  }

  private turn(state: ConnectionState): void {
    if (this.state === state) return
    this.state = state
    this.events.emit('state', state)
    if (state === 'online' || state === 'fallback')
      this.conversations.forEach((conversation) => conversation.connected())
  }

  private fail(error: KefuError): void {
    if (!this.started) return
    this.stop()
    this.events.emit('error', error)
  }

  /** Follows the life of the page and of the login. */
  private watch(): void {
    const off = this.kefu.tokens.onChange?.(() => {
      const owner = this.kefu.tokens.read()?.owner ?? null
      if (owner !== (this.owner || null)) this.fail(ownError('UNAUTHENTICATED', this.kefu.language, 401))
    })
    if (off) this.offs.push(off)
    const offPage = watchPage({
      onWake: () => this.retryNow(),
      // Let another tab lead.
      onSleep: () => {
        this.leave()
        this.conversations.forEach((conversation) => conversation.tellLeft())
      },
      onReturn: () => {
        this.turn('connecting')
        this.join()
      },
    })
    this.offs.push(offPage)
  }
}
