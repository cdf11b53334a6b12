import { KefuError, ownError } from '../error.js'
import type { Kefu } from '../kefu.js'
import { Poll } from './poll.js'
import { Socket, type SocketEnd, type WebSocketConstructor } from './socket.js'
import { renewTime } from '../tokens.js'
import { Allowance, backOff, Pause } from './timing.js'
import { errorOf, statusOf, type Accepted, type AuthOk, type ErrorFrame, type InboundFrame } from './wire.js'

/** How things stand with the connection. */
export type ConnectionState =
  | 'connecting'
  | 'online'
  /** No socket can be had; the long poll stands in. */
  | 'fallback'
  | 'offline'
  | 'stopped'

/** Where a client stopped: what `auth` takes to go on from there. */
export interface Resume {
  epoch: string
  cursors: Record<string, number>
  notificationId?: string
}

/** What a link tells. */
export interface LinkListener {
  onState(state: ConnectionState): void
  onFrame(frame: InboundFrame): void
  onEpoch(epoch: string): void
  onAccepted(accepted: Accepted): void
  onRefused(ref: string, error: KefuError): void
  /** The socket is gone: what it has not answered may have arrived or not, or was, with an error, what ended it. */
  onLost(error?: KefuError): void
  /** It is over, and trying again is of no use. */
  onFatal(error: KefuError): void
  resume(): Resume | undefined
}

/** Closed for good: no other outcome is to be had by trying again. */
const FATAL = [1003, 1009, 4400, 4403, 4409, 4410]
const CLOSE_EXPIRED = 4401
const CLOSE_REVOKED = 4410
/** Closed because of what was sent. */
const BAD_FRAME = [1009, 4400]
/** After so many sockets that never came to life, the long poll stands in. */
const TRIES = 2
/** How often a socket is tried while the long poll stands in. */
const RETRY_MS = 60_000
const MAX_RETRY_MS = 300_000
/** A connection that held for so long was a good one. */
const STEADY_MS = 5000

/** The connection to Kefu: a socket that is made again whenever it breaks, and the long poll where there is none. */
export class Link {
  /** How things stand. */
  state: ConnectionState = 'connecting'

  private socket: Socket | null = null
  private poll: Poll | null = null
  private stopped = false
  private token = ''
  private readonly owner?: string
  /** Sockets in a row that failed, and those that never came to life. */
  private failures = 0
  private dead = 0
  private renewal?: ReturnType<typeof setTimeout>
  private allowance = new Allowance()
  private readonly pause = new Pause()
  private readonly offTokens?: () => void

  constructor(
    private readonly kefu: Kefu,
    private readonly deviceId: string,
    make: WebSocketConstructor | undefined,
    private readonly listener: LinkListener,
  ) {
    this.owner = kefu.tokens.read()?.owner
    this.offTokens = kefu.tokens.onChange?.(() => this.renew())
    if (make) void this.run(make)
    else this.fallBack()
  }

  /** Ends it. */
  stop(): void {
    this.stopped = true
    this.offTokens?.()
    clearTimeout(this.renewal)
    this.socket?.close()
    this.poll?.stop()
    this.pause.cut()
    this.tell('stopped')
  }

  /** Tries at once, or makes sure that the socket still lives. */
  hurry(): void {
    if (this.socket?.online) return this.socket.probe()
    this.poll?.hurry()
    this.pause.cut()
  }

  /** Sends a frame over the socket; false if that is not possible, or not within the server's limit. */
  send(type: string, data: object, reserve = 0): boolean {
    if (!this.socket?.online || !this.allowance.take(reserve)) return false
    this.socket.send(type, data)
    return true
  }

  private async run(make: WebSocketConstructor): Promise<void> {
    while (!this.stopped) {
      const wait = await this.attempt(make)
      if (this.stopped) return
      if (wait > 0) await this.pause.wait(wait)
    }
  }

  /** One socket from beginning to end; says after how long to make the next one. */
  private async attempt(make: WebSocketConstructor): Promise<number> {
    try {
      this.token = (await this.kefu.accessToken()) ?? ''
    } catch (error) {
      return this.failed(error)
    }
    if (this.stopped) return 0
    if (!this.token) return this.die(ownError('UNAUTHENTICATED', this.kefu.language, 401))
    const auth = { token: this.token, deviceId: this.deviceId, resume: this.listener.resume() }
    const listener = {
      onAuth: (answer: AuthOk) => this.authenticated(answer),
      onFrame: (type: string, data: unknown) => this.hear(type, data),
    }
    try {
      this.socket = new Socket(make, socketUrl(this.kefu.url('/ws')), auth, listener)
    } catch {
      // Forbidden by the page's policy, or no such address.
      return this.after({ code: 1006, onlineMs: 0, mute: true })
    }
    const end = await this.socket.ended
    this.socket = null
    clearTimeout(this.renewal)
    return this.stopped ? 0 : this.after(end)
  }

  private authenticated(answer: AuthOk): void {
    if (this.state !== 'online') {
      this.allowance = new Allowance()
      this.dead = 0
      this.poll?.stop()
      this.poll = null
      this.listener.onEpoch(answer.epoch)
      this.tell('online')
    }
    clearTimeout(this.renewal)
    const tokens = this.kefu.tokens.read()
    if (tokens?.expiresAt) {
      const ms = Math.max(1000, renewTime(tokens) - Date.now() + 1000)
      this.renewal = setTimeout(() => void this.kefu.accessToken().then(() => this.renew(), ignore), ms)
    }
  }

  /** Goes on with a fresh token of the same login on the same socket. */
  private renew(): void {
    const tokens = this.kefu.tokens.read()
    if (!tokens || tokens.owner !== this.owner || tokens.accessToken === this.token || !this.socket?.online) return
    this.token = tokens.accessToken
    this.socket.send('auth', { token: this.token, deviceId: this.deviceId })
  }

  private hear(type: string, data: unknown): void {
    if (type === 'message_accepted') return this.listener.onAccepted(data as Accepted)
    if (type === 'error') {
      const frame = data as ErrorFrame
      if (frame.ref) this.listener.onRefused(frame.ref, errorOf(frame))
      return
    }
    this.listener.onFrame({ type, data } as InboundFrame)
  }

  /** What follows from the end of a socket. */
  private async after(end: SocketEnd): Promise<number> {
    this.listener.onLost(BAD_FRAME.includes(end.code) ? this.reason(end) : undefined)
    this.failures = end.onlineMs > STEADY_MS ? 0 : this.failures + 1
    this.dead = end.onlineMs ? 0 : this.dead + 1
    if (FATAL.includes(end.code)) {
      this.die(this.reason(end))
      // The store may still hold tokens that are good for nothing: asking finds out, and clears it.
      if (end.code === CLOSE_REVOKED) this.kefu.renewToken(this.token).catch(ignore)
      return 0
    }
    if (end.code === CLOSE_EXPIRED) return this.refused()
    if (end.mute || this.dead >= TRIES) this.fallBack()
    this.tell(this.stateWithout())
    if (end.byeMs !== undefined) return end.byeMs
    if (this.poll?.healthy) return Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (this.dead - TRIES)) * (0.5 + Math.random())
    return end.error?.retryAfterMs ?? backOff(this.failures)
  }

  /** The token was refused: a fresh one, and again at once; the second time not at once. */
  private async refused(): Promise<number> {
    this.tell(this.stateWithout())
    try {
      await this.kefu.renewToken(this.token)
    } catch (error) {
      return this.failed(error)
    }
    return this.failures > 1 ? backOff(this.failures) : 0
  }

  /** No token could be had: signed out, or just no network. */
  private failed(error: unknown): number {
    if (!(error instanceof KefuError)) throw error
    if (error.status === 401 && !this.kefu.signedIn) return this.die(error)
    this.tell(this.stateWithout())
    return backOff(this.failures++)
  }

  private fallBack(): void {
    this.poll ??= new Poll(this.kefu, {
      onFrame: (frame) => this.listener.onFrame(frame),
      onHealth: (healthy) => {
        if (!healthy) this.failures = Math.max(this.failures, TRIES)
        if (!this.socket?.online) this.tell(this.stateWithout())
      },
      onRefused: (error) => this.die(error),
    })
  }

  private stateWithout(): ConnectionState {
    if (this.poll?.healthy) return 'fallback'
    const known = typeof navigator === 'undefined' || navigator.onLine !== false
    return known && this.failures < TRIES ? 'connecting' : 'offline'
  }

  private die(error: KefuError): number {
    if (!this.stopped) {
      this.stop()
      this.listener.onFatal(error)
    }
    return 0
  }

  private reason(end: SocketEnd): KefuError {
    return end.error ?? ownError('INTERNAL', this.kefu.language, statusOf(end.code))
  }

  private tell(state: ConnectionState): void {
    if (this.state === state) return
    this.state = state
    this.listener.onState(state)
  }
}

function ignore(): void {
  // Whoever needs the outcome looks at the store.
}

/** `https://host/ws` as `wss://host/ws`; a path alone is on the page's own host. */
function socketUrl(url: string): string {
  const base = typeof location === 'undefined' ? undefined : location.href
  return new URL(url, base).href.replace(/^http/, 'ws')
}
