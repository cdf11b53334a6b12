import { vi } from 'vitest'
import type { Message, MessageFrame, Session } from '../src/index'
import recorded from './recorded/customer.json'

/** Who talks to the server in these tests. */
export const ME = { kind: 'CUSTOMER', id: '1', name: '张医生' } as const
export const AGENT = { kind: 'USER', id: '2', name: '李客服' } as const
export const SESSION = recorded.sessionId

type Sender = typeof ME | typeof AGENT
interface Frame {
  type: string
  data: Record<string, unknown>
}

const TEMPLATE = recorded.sockets.talk.find((frame) => frame.type === 'message')?.data as unknown as MessageFrame

/** A Kefu with one session, for as much of it as the client sees; its frames are those that were recorded. */
export class Server {
  epoch = 'epoch-1'
  messages: Message[] = []
  version = 1
  /** What the network does: nothing gets through, no socket opens, a socket opens and stays mute. */
  down = false
  noSockets = false
  mute = false
  /** How long anything takes. */
  latency = 5
  /** May drop, or repeat, what is pushed. */
  push: (socket: FakeSocket, frame: Frame) => void = (socket, frame) => socket.hear(frame)
  sockets: FakeSocket[] = []
  calls: { verb: string; path: string; body: Record<string, unknown> }[] = []
  frames: Frame[] = []
  accessToken = 'access-1'
  refreshToken = 'refresh-1'
  refreshable = true
  refuse: ((clientMsgId: string) => { code: number; reason: string } | null) | null = null
  /** Who has the session open. */
  viewers = { sessionId: SESSION, list: [] as Sender[], version: 0 }
  private pollers: (() => void)[] = []

  get session(): Session {
    return { ...(recorded.session as Session), version: this.version, lastSeq: this.messages.length }
  }

  /** Stores a message, once for each id of a sender, and tells whoever is connected. */
  store(sender: Sender, clientMsgId: string, content: string): { message: Message; duplicate: boolean } {
    const known = this.messages.find((m) => m.clientMsgId === clientMsgId && m.sender?.id === sender.id)
    if (known) return { message: known, duplicate: true }
    const seq = this.messages.length + 1
    const message = { ...(TEMPLATE.full as Message), id: String(100 + seq), seq, sender, clientMsgId, content }
    message.contentType = 'TEXT'
    this.messages.push(message)
    this.version++
    this.tell(message)
    return { message, duplicate: false }
  }

  say(content: string): Message {
    return this.store(AGENT, `a${this.messages.length}-${content}`, content).message
  }

  /** Somebody opens the session, or closes it. */
  look(...list: Sender[]): void {
    this.viewers = { sessionId: SESSION, list, version: this.viewers.version + 1 }
    for (const socket of this.sockets)
      if (socket.authenticated) this.push(socket, { type: 'viewers', data: this.viewers })
  }

  recall(seq: number): void {
    const found = this.messages[seq - 1]
    if (!found) throw new Error('no such message')
    const message = { ...found, recalled: true, content: '' }
    this.messages[seq - 1] = message
    this.tell(message)
  }

  /** Another database. */
  restore(messages: Message[]): void {
    this.epoch += '!'
    this.messages = messages
    this.version = 1
    this.cut(1012)
  }

  /** Ends all sockets. */
  cut(code = 1006): void {
    for (const socket of [...this.sockets]) socket.end(code)
  }

  frame(message: Message): Frame {
    const { sessionId, id, content, sender, seq, clientMsgId, contentType, recalled } = message
    const flat = { sessionId, messageId: id, content, sender, seq, clientMsgId, contentType, recalled }
    return { type: 'message', data: { ...TEMPLATE, ...flat, full: message } }
  }

  hear(socket: FakeSocket, frame: Frame): void {
    this.frames.push(frame)
    const { type, data } = frame
    if (type === 'auth') this.auth(socket, data)
    else if (type === 'ping') socket.hear({ type: 'pong', data })
    else if (type === 'message') this.take(socket, data as unknown as { clientMsgId: string; content: string })
  }

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    await this.wait(init.signal ?? undefined)
    const { pathname, searchParams } = new URL(url, 'http://kefu.test')
    const path = pathname.replace('/api/v1', '')
    const body = { ...Object.fromEntries(searchParams), ...(init.body ? JSON.parse(String(init.body)) : {}) }
    this.calls.push({ verb: init.method ?? 'GET', path, body })
    const token = (init.headers as Record<string, string>).Authorization
    if (path === '/auth/refresh') return this.refresh(body)
    if (token !== `Bearer ${this.accessToken}`) return reply(401, null, recorded.unauthenticated)
    const answer = await this.answer(init.method ?? 'GET', path, body, init.signal ?? undefined)
    await this.wait(init.signal ?? undefined)
    return answer
  }

  private async answer(
    verb: string,
    path: string,
    body: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Response> {
    if (path === `/sessions/${SESSION}`) return reply(200, this.session)
    if (path === '/events') return this.poll(body, signal)
    if (path === `/sessions/${SESSION}/view`) return reply(200, { viewers: this.viewers, expiresIn: 45 })
    if (path !== `/sessions/${SESSION}/messages`) return reply(200, {})
    if (verb === 'GET') return reply(200, this.page(body))
    const refusal = this.refuse?.(body.clientMsgId ?? '')
    if (refusal) return reply(refusal.code, null, { ...refusal, message: '不行' })
    return reply(200, this.store(ME, body.clientMsgId ?? '', body.content ?? ''))
  }

  private page({ afterSeq, beforeSeq, size = '50', fromStart }: Record<string, string>) {
    const all = this.messages
    const up = Number(afterSeq ?? 0) > 0 || fromStart === 'true'
    const found = all.filter((m) => m.seq > Number(afterSeq ?? 0) && m.seq < Number(beforeSeq ?? Infinity))
    const list = up ? found.slice(0, Number(size)) : found.slice(-Number(size))
    return { list, head: all.length, more: list.length < found.length, total: all.length }
  }

  private async poll({ since, wait = '0' }: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    if (!since)
      return reply(200, { list: [{ sessionUpdate: this.session }], next: `${this.messages.length}`, more: false })
    if (this.messages.length <= Number(since)) {
      await new Promise<void>((resolve) => {
        this.pollers.push(resolve)
        setTimeout(resolve, Number(wait) * 1000)
        signal?.addEventListener('abort', () => resolve())
      })
    }
    await this.wait(signal)
    const list = this.messages.slice(Number(since)).map((message) => ({ message: this.frame(message).data }))
    return reply(200, { list, next: `${this.messages.length}`, more: false })
  }

  private refresh(body: Record<string, string>): Response {
    if (!this.refreshable || body.refreshToken !== this.refreshToken) return reply(401, null, recorded.unauthenticated)
    this.rotate()
    return reply(200, this.login())
  }

  /** New tokens; the old ones are good for nothing. */
  rotate(): void {
    const n = Number(this.accessToken.split('-')[1]) + 1
    this.accessToken = `access-${n}`
    this.refreshToken = `refresh-${n}`
  }

  login() {
    return { ...recorded.login, accessToken: this.accessToken, refreshToken: this.refreshToken }
  }

  private auth(socket: FakeSocket, data: Record<string, unknown>): void {
    if (this.mute) return
    if (data.token !== this.accessToken) {
      const [error] = recorded.sockets.expired
      socket.hear(error as Frame)
      return socket.end(4401)
    }
    const answer = { ...(recorded.sockets.talk[0] as { data: object }).data, epoch: this.epoch, resumed: {} }
    socket.hear({ type: 'auth_ok', data: answer })
    if (socket.authenticated) return
    socket.authenticated = true
    const resume = data.resume as { epoch: string; cursors: Record<string, number> } | undefined
    if (!resume) return
    if (resume.epoch !== this.epoch) return socket.hear(recorded.sockets.restored[1] as Frame)
    this.replay(socket, resume.cursors[SESSION])
  }

  private replay(socket: FakeSocket, from: number | undefined): void {
    if (from === undefined) return
    const head = this.messages.length
    const resync = (reason: string) => socket.hear({ type: 'resync', data: { sessionId: SESSION, head, reason } })
    if (from > head) return resync('ahead')
    if (head - from > 300) return resync('too_far')
    const recalled = this.messages.filter((message) => message.recalled && message.seq <= from)
    for (const message of [...recalled, ...this.messages.slice(from)]) socket.hear(this.frame(message))
    socket.hear({ type: 'sync_done', data: { sessionId: SESSION, head } })
  }

  private take(socket: FakeSocket, data: { clientMsgId: string; content: string }): void {
    const refusal = this.refuse?.(data.clientMsgId)
    if (refusal) {
      const template = recorded.sockets.last.find((frame) => frame.type === 'error') as Frame
      return socket.hear({ type: 'error', data: { ...template.data, ...refusal, ref: data.clientMsgId } })
    }
    const { message, duplicate } = this.store(ME, data.clientMsgId, data.content)
    const { seq, id: messageId, sessionId, clientMsgId } = message
    this.push(socket, { type: 'message_accepted', data: { sessionId, clientMsgId, messageId, seq, duplicate } })
  }

  private tell(message: Message): void {
    for (const socket of this.sockets) if (socket.authenticated) this.push(socket, this.frame(message))
    this.pollers.splice(0).forEach((wake) => wake())
  }

  /** Answers the polls that wait, as a server does that stops. */
  wakePollers(): void {
    this.pollers.splice(0).forEach((wake) => wake())
  }

  private async wait(signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.latency))
    if (this.down || signal?.aborted) throw new TypeError('fetch failed')
  }
}

function reply(code: number, data: unknown, error: object = {}): Response {
  const envelope = { message: 'success', timestamp: 0, requestId: 'r', ...error, code, data }
  return new Response(JSON.stringify(envelope), { status: code })
}

/** A WebSocket to a `Server`. */
export class FakeSocket {
  static server: Server
  readyState = 0
  authenticated = false
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: (() => void) | null = null
  private readonly server = FakeSocket.server

  constructor(readonly url: string) {
    const { server } = this
    setTimeout(() => {
      if (this.readyState !== 0) return
      if (server.down || server.noSockets) return this.end(1006)
      this.readyState = 1
      server.sockets.push(this)
      this.onopen?.()
    }, server.latency)
  }

  send(text: string): void {
    setTimeout(() => {
      if (this.readyState === 1 && !this.server.down) this.server.hear(this, JSON.parse(text) as Frame)
    }, this.server.latency)
  }

  close(): void {
    this.readyState = 3
    this.leave()
  }

  /** Something for the client. */
  hear(frame: Frame): void {
    const text = JSON.stringify(frame)
    setTimeout(() => {
      if (this.readyState === 1 && !this.server.down) this.onmessage?.({ data: text })
    }, this.server.latency)
  }

  /** The server's side, or the network, ends it. */
  end(code: number): void {
    this.leave()
    setTimeout(() => {
      this.readyState = 3
      this.onclose?.({ code })
    }, this.server.latency)
  }

  private leave(): void {
    this.authenticated = false
    this.server.sockets = this.server.sockets.filter((socket) => socket !== this)
  }
}

/** A browser's storage. */
export class FakeStorage implements Storage {
  private readonly items = new Map<string, string>()
  full = false
  get length(): number {
    return this.items.size
  }
  clear(): void {
    this.items.clear()
  }
  getItem(key: string): string | null {
    return this.items.get(key) ?? null
  }
  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null
  }
  removeItem(key: string): void {
    this.items.delete(key)
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException('full', 'QuotaExceededError')
    this.items.set(key, value)
  }
}

/** Puts a client into a world with this server, a clock that is moved by hand, and a browser's storage. */
export function world(): { server: Server; storage: FakeStorage } {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  const server = new Server()
  const storage = new FakeStorage()
  FakeSocket.server = server
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('localStorage', storage)
  vi.stubGlobal('location', { href: 'http://kefu.test/chat/' })
  vi.stubGlobal('navigator', { onLine: true })
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) => server.fetch(url, init))
  return { server, storage }
}

/** Lets time pass. */
export function pass(ms: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(ms)
}
