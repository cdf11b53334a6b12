import type { KefuError } from '../error.js'
import type { Kefu } from '../kefu.js'
import { Link, type ConnectionState, type Resume } from './link.js'
import { Marks, type Mark } from './marks.js'
import type { Outbox, Outgoing } from './outbox.js'
import { Sender } from './sender.js'
import type { WebSocketConstructor } from './socket.js'
import type { Accepted, InboundFrame } from './wire.js'

/** What a leader tells, for its own tab and for the others. */
export interface LeaderListener {
  onState(state: ConnectionState): void
  onFrame(frame: InboundFrame): void
  onEpoch(epoch: string): void
  /** A message on its way has changed its state. */
  onChange(item: Outgoing): void
  onAccepted(accepted: Accepted): void
  /** The server does not let us follow this session. */
  onForeign(sessionId: string): void
  onFatal(error: KefuError): void
  resume(): Resume | undefined
}

/** Frames that are left to messages and marks when typing is told. */
const TYPING_RESERVE = 20

/** The tab that holds the connection: hears for all tabs, and sends what all of them have to say. */
export class Leader {
  private readonly link: Link
  private readonly sender: Sender
  private readonly marks: Marks

  constructor(
    private readonly kefu: Kefu,
    outbox: Outbox,
    deviceId: string,
    make: WebSocketConstructor | undefined,
    listener: LeaderListener,
  ) {
    const ready = () => this.state === 'online' || this.state === 'fallback'
    this.sender = new Sender(kefu, outbox, {
      ready,
      send: (type, data) => this.link.send(type, data),
      onSilence: () => this.link.hurry(),
      onChange: listener.onChange,
      onAccepted: listener.onAccepted,
    })
    this.marks = new Marks(kefu, {
      ready,
      polling: () => this.state === 'fallback',
      send: (type, data, reserve) => this.link.send(type, data, reserve),
    })
    this.link = new Link(kefu, deviceId, make, {
      ...listener,
      onState: (state) => {
        listener.onState(state)
        this.pump()
      },
      onAccepted: (accepted) => this.sender.accepted(accepted),
      onRefused: (ref, error) => {
        this.sender.refused(ref, error)
        listener.onForeign(ref)
      },
      onLost: (error) => {
        this.sender.lost(error)
        this.marks.lost()
      },
    })
  }

  /** How things stand with the connection. */
  get state(): ConnectionState {
    return this.link.state
  }

  /** Sends whatever can be sent now. */
  pump(): void {
    this.sender.pump()
    this.marks.flush()
  }

  /** Tells the server up to where messages have arrived or were read. */
  mark(mark: Mark): void {
    this.marks.add(mark)
  }

  /** Tells the other side that one types. */
  type(sessionId: string): void {
    if (this.state === 'fallback') this.kefu.sendTyping({ id: sessionId }).catch(() => undefined)
    else this.link.send('typing', { sessionId }, TYPING_RESERVE)
  }

  /** Tries at once; when online, makes sure of it. */
  hurry(): void {
    this.link.hurry()
    this.sender.pump()
  }

  /** Gives the connection up. */
  stop(): void {
    this.marks.stop()
    this.sender.stop()
    this.link.stop()
  }
}
