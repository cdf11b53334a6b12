import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { client, seqs, talking } from './client'
import { pass, world, type FakeStorage, type Server } from './server'

/** Channels between tabs; frozen ones hear and say nothing. */
class FakeChannel {
  static open = new Set<FakeChannel>()
  static frozen = new Set<FakeChannel>()
  onmessage: ((event: { data: unknown }) => void) | null = null
  constructor(readonly name: string) {
    FakeChannel.open.add(this)
  }
  postMessage(data: unknown): void {
    if (FakeChannel.frozen.has(this)) return
    const copy = JSON.stringify(data)
    for (const other of FakeChannel.open) {
      if (other === this || other.name !== this.name) continue
      setTimeout(() => {
        if (FakeChannel.open.has(other) && !FakeChannel.frozen.has(other)) other.onmessage?.({ data: JSON.parse(copy) })
      }, 1)
    }
  }
  close(): void {
    FakeChannel.open.delete(this)
  }
}

interface Claim {
  grant: () => unknown
  reject: (reason: unknown) => void
}

/** Web locks, of one name at a time. */
class FakeLocks {
  private holder: Claim | null = null
  private readonly queue: Claim[] = []

  request(_name: string, options: { steal?: boolean; signal?: AbortSignal }, grant: () => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const claim: Claim = { grant, reject }
      options.signal?.addEventListener('abort', () => {
        const at = this.queue.indexOf(claim)
        if (at < 0) return
        this.queue.splice(at, 1)
        reject(new DOMException('aborted', 'AbortError'))
      })
      claim.grant = () => Promise.resolve(grant()).then(() => resolve())
      if (options.steal) {
        this.holder?.reject(new DOMException('stolen', 'AbortError'))
        this.holder = null
        this.queue.unshift(claim)
      } else {
        this.queue.push(claim)
      }
      this.next()
    })
  }

  private next(): void {
    const claim = this.holder ? undefined : this.queue.shift()
    if (!claim) return
    this.holder = claim
    void Promise.resolve(claim.grant()).then(() => {
      if (this.holder === claim) this.holder = null
      this.next()
    })
  }
}

let server: Server
let storage: FakeStorage
beforeEach(() => {
  ;({ server, storage } = world())
  FakeChannel.open.clear()
  FakeChannel.frozen.clear()
  vi.stubGlobal('BroadcastChannel', FakeChannel)
  vi.stubGlobal('navigator', { onLine: true, locks: new FakeLocks() })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const contents = (list: readonly { content: string }[]) => list.map(({ content }) => content)

describe('two tabs', () => {
  it('share a connection and see the same', async () => {
    const one = await talking(server)
    const two = await talking(server)
    expect(server.sockets).toHaveLength(1)
    expect([one.realtime.state, two.realtime.state]).toEqual(['online', 'online'])
    server.say('hello')
    await pass(100)
    expect(contents(one.conversation.messages)).toEqual(['hello'])
    expect(contents(two.conversation.messages)).toEqual(['hello'])
    expect(seqs(two.told.messages)).toEqual([1])
  })

  it('send through the one that holds the connection, in order, each once', async () => {
    const one = await talking(server)
    const two = await talking(server)
    two.conversation.send({ content: 'from two' })
    await pass(2)
    one.conversation.send({ content: 'from one' })
    two.conversation.send({ content: 'from two again' })
    await pass(500)
    expect(contents(server.messages)).toEqual(['from two', 'from one', 'from two again'])
    for (const { conversation } of [one, two]) {
      expect(conversation.outgoing).toEqual([])
      expect(conversation.messages).toHaveLength(3)
    }
    two.conversation.markRead()
    await pass(1000)
    expect(server.frames.some(({ type }) => type === 'message_ack')).toBe(true)
  })

  it('see a refusal in both, and give up in both', async () => {
    const one = await talking(server)
    const two = await talking(server)
    server.refuse = () => ({ code: 409, reason: 'SESSION_CLOSED' })
    const item = two.conversation.send({ content: 'late' })
    await pass(300)
    expect(two.conversation.outgoing[0]).toMatchObject({ state: 'failed', error: { reason: 'SESSION_CLOSED' } })
    expect(one.conversation.outgoing[0]?.error?.message).toBe('会话已结束')
    two.conversation.discard(item.clientMsgId)
    await pass(50)
    expect(one.conversation.outgoing).toEqual([])
    expect(storage.length).toBe(1)
  })

  it('go on when the leader is closed, with what was on its way', async () => {
    const one = await talking(server)
    const two = await talking(server)
    server.down = true
    two.conversation.send({ content: 'during' })
    await pass(100)
    one.realtime.stop()
    server.cut()
    server.down = false
    server.say('meanwhile')
    await pass(20_000)
    expect(two.realtime.state).toBe('online')
    expect(contents(server.messages).sort()).toEqual(['during', 'meanwhile'])
    expect(two.conversation.messages).toHaveLength(2)
    expect(two.conversation.outgoing).toEqual([])
  })

  it('replace a leader that is frozen, which follows when it wakes', async () => {
    const one = await talking(server)
    const two = await talking(server)
    const [channel] = FakeChannel.open
    if (channel) FakeChannel.frozen.add(channel)
    two.conversation.send({ content: 'is anybody there' })
    await pass(20_000)
    expect(contents(server.messages)).toEqual(['is anybody there'])
    expect(two.realtime.state).toBe('online')
    expect(server.sockets).toHaveLength(1)
    FakeChannel.frozen.clear()
    server.say('welcome back')
    await pass(20_000)
    expect(one.realtime.state).toBe('online')
    expect(one.conversation.messages).toHaveLength(2)
  })

  it('end together when the login ends', async () => {
    const one = await talking(server)
    const two = await talking(server)
    server.cut(4403)
    await pass(500)
    expect([one.realtime.state, two.realtime.state]).toEqual(['stopped', 'stopped'])
    expect([one.told.errors.length, two.told.errors.length]).toEqual([1, 1])
  })

  it('send what storage had no room for, too', async () => {
    await talking(server)
    const two = await talking(server)
    storage.full = true
    two.conversation.send({ content: 'not stored here' })
    await pass(300)
    expect(contents(server.messages)).toEqual(['not stored here'])
    expect(two.conversation.outgoing).toEqual([])
  })

  it('have a connection each where they cannot share', async () => {
    vi.stubGlobal('navigator', { onLine: true })
    const one = await talking(server)
    const two = await talking(server)
    expect(server.sockets).toHaveLength(2)
    const devices = server.frames.filter(({ type }) => type === 'auth').map(({ data }) => data.deviceId)
    expect(new Set(devices).size).toBe(2)
    one.conversation.send({ content: 'a' })
    await pass(300)
    expect(contents(two.conversation.messages)).toEqual(['a'])
    const alone = client(server, { shareTabs: false })
    alone.realtime.start()
    await pass(300)
    expect(server.sockets).toHaveLength(3)
  })
})
