import type { KefuError } from '../error.js'
import { errorOf, type AuthOk, type ErrorFrame } from './wire.js'

/** What makes a WebSocket: the browser's own, or of a library where there is none. */
export type WebSocketConstructor = new (url: string) => WebSocket

/** How a socket has ended. */
export interface SocketEnd {
  /** The close code; 1006 where there was none. */
  code: number
  /** It was authenticated for so long; 0 for never. */
  onlineMs: number
  /** Nobody refused it, but nobody answered either. */
  mute: boolean
  /** What the server said before it closed. */
  error?: KefuError
  /** After how long the server wants us back. */
  byeMs?: number
}

/** What a socket tells. */
export interface SocketListener {
  onAuth(answer: AuthOk): void
  onFrame(type: string, data: unknown): void
}

const OPENING_MS = 10_000
const ANSWER_MS = 10_000
const PROBE_MS = 5000

/** One WebSocket from its opening to its end. */
export class Socket {
  /** Settles when it is over; never fails. */
  readonly ended: Promise<SocketEnd>
  /** Whether it was authenticated and has not ended. */
  online = false

  private readonly ws: WebSocket
  private readonly end: (code: number, mute?: boolean) => void
  private timer?: ReturnType<typeof setTimeout>
  private beat?: ReturnType<typeof setInterval>
  private since = 0
  private error?: KefuError
  private byeMs?: number

  constructor(
    make: WebSocketConstructor,
    url: string,
    auth: object,
    private readonly listener: SocketListener,
  ) {
    this.ws = new make(url)
    let settle: (end: SocketEnd) => void
    this.ended = new Promise((resolve) => (settle = resolve))
    this.end = (code, mute = false) => {
      this.online = false
      clearTimeout(this.timer)
      clearInterval(this.beat)
      const { ws, error, byeMs, since } = this
      // A dead socket may take minutes to notice that it is closed.
      ws.onopen = ws.onmessage = ws.onclose = null
      ws.close()
      settle({ code, mute, error, byeMs, onlineMs: since ? Math.max(1, Date.now() - since) : 0 })
    }
    this.expect(OPENING_MS, true)
    this.ws.onopen = () => {
      this.expect(ANSWER_MS, true)
      this.send('auth', auth)
    }
    this.ws.onmessage = (event: MessageEvent) => this.hear(String(event.data))
    // What matters comes with the close; libraries fail where nobody listens.
    this.ws.onerror = () => undefined
    this.ws.onclose = (event: CloseEvent) => this.end(event.code)
  }

  /** Sends a frame. */
  send(type: string, data: object): void {
    if (this.ws.readyState === 1) this.ws.send(JSON.stringify({ type, data }))
  }

  /** Asks whether the other side is still there, and ends if it is not. */
  probe(patience = PROBE_MS): void {
    if (!this.online) return
    this.send('ping', { t: Date.now() })
    this.expect(patience)
  }

  /** Ends it. */
  close(): void {
    this.end(1000)
  }

  /** Ends the socket unless something is heard in time. */
  private expect(ms: number, mute = false): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.end(this.online ? 4440 : 1006, mute), ms)
  }

  private hear(text: string): void {
    let frame: { type: string; data: unknown }
    try {
      frame = JSON.parse(text) as typeof frame
    } catch {
      return
    }
    if (this.online) clearTimeout(this.timer)
    if (frame.type === 'auth_ok') this.open(frame.data as AuthOk)
    else if (frame.type === 'ping') this.send('pong', frame.data as object)
    else if (frame.type === 'bye') this.byeMs = (frame.data as { reconnectAfterMs?: number }).reconnectAfterMs ?? 0
    else if (frame.type === 'error' && (frame.data as ErrorFrame).fatal) this.error = errorOf(frame.data as ErrorFrame)
    else if (frame.type !== 'pong') this.listener.onFrame(frame.type, frame.data)
  }

  private open(answer: AuthOk): void {
    if (!this.online) {
      clearTimeout(this.timer)
      this.online = true
      this.since = Date.now()
      this.beat = setInterval(() => this.probe(ANSWER_MS), answer.heartbeatMs || 25_000)
    }
    this.listener.onAuth(answer)
  }
}
