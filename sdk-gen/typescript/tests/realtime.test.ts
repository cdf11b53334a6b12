import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { client, seqs, talking } from './client'
import { AGENT, FakeSocket, ME, pass, SESSION, world, type FakeStorage, type Server } from './server'

let server: Server
let storage: FakeStorage
beforeEach(() => {
  ;({ server, storage } = world())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('messages', () => {
  it('come in order, once, with what is read of the history', async () => {
    for (let i = 0; i < 60; i++) server.say(`m${i}`)
    const { conversation, told } = await talking(server)
    expect(seqs(conversation.messages)).toEqual(Array.from({ length: 50 }, (_, i) => i + 11))
    expect(conversation.hasOlder).toBe(true)
    await Promise.all([conversation.loadOlder(), pass(50)])
    expect(conversation.messages).toHaveLength(60)
    expect(conversation.hasOlder).toBe(false)
    server.say('live')
    await pass(50)
    expect(seqs(told.messages)).toEqual([61])
    expect(conversation.messages).toHaveLength(61)
  })

  it('that get lost are read, and the later ones wait for them', async () => {
    server.say('one')
    const { conversation, told } = await talking(server)
    const push = server.push
    server.push = () => undefined
    server.say('lost')
    server.say('lost too')
    server.push = push
    server.say('heard')
    server.sockets[0]?.hear(server.frame(server.messages[0] as never))
    await pass(50)
    expect(told.messages).toEqual([])
    await pass(1000)
    expect(seqs(told.messages)).toEqual([2, 3, 4])
    expect(seqs(conversation.messages)).toEqual([1, 2, 3, 4])
  })

  it('are recalled where they stand, also those that were recalled while away', async () => {
    server.say('one')
    server.say('two')
    const { conversation, told } = await talking(server)
    server.recall(1)
    await pass(50)
    expect(conversation.messages.map((message) => message.recalled)).toEqual([true, false])
    server.say('three')
    await pass(50)
    server.cut()
    server.recall(2)
    await pass(5000)
    expect(conversation.messages.map((message) => message.recalled)).toEqual([true, true, false])
    expect(told.recalls).toEqual([1, 2])
    expect(seqs(told.messages)).toEqual([3])
  })

  it('that are recalled before the history was read are no new ones', async () => {
    for (let i = 0; i < 5; i++) server.say(`m${i}`)
    const { realtime, told } = client(server)
    realtime.start()
    await pass(200)
    server.recall(2)
    await pass(50)
    server.say('new')
    await pass(1000)
    expect(told.recalls).toEqual([2])
    expect(seqs(told.messages)).toEqual([6])
  })

  it('missed while away are replayed; far too many are read', async () => {
    server.say('one')
    const { conversation, told, realtime } = await talking(server)
    server.cut()
    for (let i = 0; i < 5; i++) server.say(`away ${i}`)
    await pass(3000)
    expect(realtime.state).toBe('online')
    expect(conversation.messages).toHaveLength(6)
    server.cut()
    for (let i = 0; i < 400; i++) server.say(`more ${i}`)
    await pass(10_000)
    expect(seqs(conversation.messages)).toEqual(Array.from({ length: 406 }, (_, i) => i + 1))
    expect(seqs(told.messages)).toEqual(Array.from({ length: 405 }, (_, i) => i + 2))
  })

  it('of another database replace the old ones', async () => {
    for (let i = 0; i < 4; i++) server.say(`old ${i}`)
    const { conversation, realtime } = await talking(server)
    server.restore(server.messages.slice(0, 2))
    await pass(3000)
    server.say('after')
    await pass(1000)
    expect(realtime.state).toBe('online')
    expect(conversation.messages.map((message) => message.content)).toEqual(['old 0', 'old 1', 'after'])
  })

  it('open a conversation that could not be opened, when the network is back', async () => {
    server.say('one')
    server.down = true
    const { conversation } = await talking(server)
    await pass(20_000)
    expect(conversation.error?.reason).toBe('NETWORK')
    expect(conversation.loading).toBe('no')
    server.down = false
    await pass(60_000)
    expect(conversation.error).toBeNull()
    expect(conversation.messages).toHaveLength(1)
  })
})

describe('who else looks', () => {
  const views = () => server.calls.filter(({ path }) => path.endsWith('/view'))

  it('is told while one looks oneself, without oneself, never an older state after a newer one', async () => {
    server.viewers.list = [ME, AGENT]
    const { conversation } = await talking(server)
    expect(views()).toEqual([])
    conversation.view()
    conversation.view()
    await pass(50)
    expect(views()).toHaveLength(1)
    expect(conversation.viewers).toEqual([AGENT])
    server.look(ME)
    await pass(50)
    expect(conversation.viewers).toEqual([])
    server.sockets[0]?.hear({ type: 'viewers', data: { sessionId: SESSION, list: [AGENT], version: 0 } })
    await pass(50)
    expect(conversation.viewers).toEqual([])
  })

  it('is said again often enough, and ended at once', async () => {
    const { conversation } = await talking(server)
    conversation.view()
    await pass(60_000)
    expect(views().length).toBeGreaterThan(3)
    server.cut()
    const before = views().length
    await pass(10_000)
    expect(views().length).toBeGreaterThan(before)
    conversation.leave()
    await pass(50)
    const told = views()
    expect(told[told.length - 1]?.body.leave).toBe(true)
    expect(new Set(told.map(({ body }) => body.clientId)).size).toBe(1)
    await pass(60_000)
    expect(views()).toHaveLength(told.length)
  })
})

describe('the connection', () => {
  it('is back soon after a restart where there is the poll alone', async () => {
    server.noSockets = true
    const { realtime } = await talking(server)
    await pass(5000)
    expect(realtime.state).toBe('fallback')
    server.down = true
    server.wakePollers()
    await pass(15_000)
    expect(realtime.state).toBe('offline')
    server.down = false
    await pass(8000)
    expect(realtime.state).toBe('fallback')
  })

  it('falls back to the poll where sockets are refused, and returns to the socket', async () => {
    server.noSockets = true
    const { conversation, realtime, told } = await talking(server)
    await pass(5000)
    expect(realtime.state).toBe('fallback')
    server.say('by poll')
    await pass(200)
    expect(seqs(conversation.messages)).toEqual([1])
    conversation.send({ content: 'answer' })
    await pass(300)
    expect(server.messages.map((message) => message.content)).toEqual(['by poll', 'answer'])
    expect(conversation.outgoing).toEqual([])
    conversation.markRead()
    await pass(1000)
    expect(server.calls.some(({ path, body }) => path.endsWith('/ack') && body.kind === 'READ')).toBe(true)
    server.noSockets = false
    await pass(400_000)
    expect(realtime.state).toBe('online')
    const polls = () => server.calls.filter(({ path }) => path === '/events').length
    const before = polls()
    server.say('by socket')
    await pass(60_000)
    expect(polls()).toBe(before)
    expect(seqs(told.messages)).toEqual([1, 2, 3])
  })

  it('falls back where a socket opens and nobody answers, and reads what came in between', async () => {
    server.say('one')
    const { conversation, realtime } = await talking(server)
    server.mute = true
    server.cut()
    server.say('in between')
    await pass(14_000)
    expect(realtime.state).toBe('fallback')
    expect(conversation.messages).toHaveLength(2)
  })

  it('is noticed when it is dead', async () => {
    const { realtime, told } = await talking(server)
    server.down = true
    await pass(60_000)
    expect(realtime.state).toBe('offline')
    expect(told.states).toEqual(['connecting', 'online', 'connecting', 'offline'])
    server.down = false
    realtime.retryNow()
    await pass(300)
    expect(['online', 'fallback']).toContain(realtime.state)
  })

  it('is renewed before the token expires, without a break', async () => {
    const { tokens, told } = await talking(server)
    const socket = server.sockets[0]
    await pass(7_200_000 - 50_000)
    expect(tokens.read()?.accessToken).toBe('access-2')
    expect(server.sockets).toEqual([socket])
    expect(server.frames.filter(({ type }) => type === 'auth').map(({ data }) => data.token)).toEqual([
      'access-1',
      'access-2',
    ])
    expect(told.states).toEqual(['connecting', 'online'])
  })

  it('refreshes a token that was refused, and goes on', async () => {
    const { realtime, tokens } = client(server)
    server.rotate()
    server.refreshToken = 'refresh-1'
    realtime.start()
    await pass(500)
    expect(realtime.state).toBe('online')
    expect(tokens.read()?.accessToken).toBe('access-3')
  })

  it('ends when the login has ended', async () => {
    const { realtime, told, signedOut, kefu } = await talking(server)
    server.refreshable = false
    server.rotate()
    server.cut(4410)
    await pass(1000)
    expect(realtime.state).toBe('stopped')
    expect(told.errors).toHaveLength(1)
    expect(signedOut).toHaveLength(1)
    expect(kefu.signedIn).toBe(false)
    const sockets = server.frames.length
    await pass(120_000)
    expect(server.frames).toHaveLength(sockets)
  })

  it.each([4403, 4409, 4400])('ends for good with %i', async (code) => {
    const { realtime, told } = await talking(server)
    server.cut(code)
    await pass(60_000)
    expect(realtime.state).toBe('stopped')
    expect(told.errors.map(({ status }) => status)).toEqual([code - 4000])
    expect(server.sockets).toEqual([])
  })

  it('does without sockets where the platform has none', async () => {
    vi.stubGlobal('WebSocket', undefined)
    const { realtime, told } = await talking(server)
    server.down = true
    await pass(40_000)
    server.down = false
    await pass(60_000)
    expect(realtime.state).toBe('fallback')
    expect(told.states).toEqual(['connecting', 'fallback', 'offline', 'fallback'])
  })

  it('is let go with the page, and made again when that comes back', async () => {
    const page = new EventTarget()
    vi.stubGlobal('window', page)
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }))
    const { realtime, conversation } = await talking(server)
    page.dispatchEvent(new Event('pagehide'))
    await pass(100)
    expect(server.sockets).toEqual([])
    server.say('while away')
    conversation.send({ content: 'written while away' })
    page.dispatchEvent(new Event('pageshow'))
    await pass(1000)
    expect(realtime.state).toBe('online')
    expect(conversation.messages.map((message) => message.content)).toEqual(['while away', 'written while away'])
    server.down = true
    page.dispatchEvent(new Event('online'))
    await pass(5500)
    expect(realtime.state).not.toBe('online')
    server.down = false
    await pass(2000)
    page.dispatchEvent(new Event('online'))
    await pass(500)
    expect(realtime.state).toBe('online')
    realtime.stop()
    page.dispatchEvent(new Event('online'))
    expect(realtime.state).toBe('stopped')
  })

  it('comes back when the server has told', async () => {
    const { realtime } = await talking(server)
    server.sockets[0]?.hear({ type: 'bye', data: { reason: 'restart', reconnectAfterMs: 3000 } })
    await pass(100)
    server.cut(1012)
    await pass(2800)
    expect(server.sockets).toEqual([])
    await pass(500)
    expect(realtime.state).toBe('online')
  })

  it('ends when another login takes the place', async () => {
    const { realtime, told, tokens } = await talking(server)
    tokens.write({ accessToken: 'x', refreshToken: 'y', expiresAt: Date.now() + 1e6, owner: 'CUSTOMER:8' })
    await pass(10)
    expect(realtime.state).toBe('stopped')
    expect(told.errors[0]?.reason).toBe('UNAUTHENTICATED')
  })
})

describe('what is on its way', () => {
  it('is sent in order and is shown until it is among the messages', async () => {
    const { conversation } = await talking(server)
    const shown: number[] = []
    conversation.onChange(() => shown.push(conversation.messages.length + conversation.outgoing.length))
    conversation.send({ content: 'a' })
    conversation.send({ content: 'b' })
    conversation.send({ content: 'c' })
    await pass(500)
    expect(conversation.messages.map((message) => message.content)).toEqual(['a', 'b', 'c'])
    expect(conversation.outgoing).toEqual([])
    expect(shown.every((n) => n === 3)).toBe(true)
    expect(storage.length).toBe(1)
  })

  it('survives a reload, and is stored once when its answer was lost', async () => {
    const before = await talking(server)
    server.push = (socket, frame) => {
      if (frame.type !== 'message_accepted' && frame.type !== 'message') socket.hear(frame)
    }
    before.conversation.send({ content: 'stored, not answered' })
    await pass(50)
    server.down = true
    before.conversation.send({ content: 'not sent' })
    before.realtime.stop()
    await pass(1000)
    server.down = false
    server.push = (socket, frame) => socket.hear(frame)
    const after = client(server)
    expect(after.conversation.outgoing.map((item) => item.content)).toEqual(['stored, not answered', 'not sent'])
    after.realtime.start()
    void after.conversation.open()
    await pass(3000)
    expect(server.messages.map((message) => message.content)).toEqual(['stored, not answered', 'not sent'])
    expect(after.conversation.outgoing).toEqual([])
  })

  it('waits while there is no network', async () => {
    const { conversation } = await talking(server)
    server.down = true
    const item = conversation.send({ content: 'patience' })
    await pass(120_000)
    expect(conversation.outgoing.map(({ state }) => state)).toEqual(['waiting'])
    expect(conversation.discard('unknown')).toBeUndefined()
    server.down = false
    await pass(60_000)
    expect(server.messages.map((message) => message.clientMsgId)).toEqual([item.clientMsgId])
  })

  it('that is refused stays, says why, and does not hold up the next', async () => {
    const { conversation, realtime } = await talking(server)
    const states: string[] = []
    realtime.on('outgoing', (item) => states.push(item.state))
    let refusing = true
    server.refuse = (id) => (refusing && id === first.clientMsgId ? { code: 409, reason: 'SESSION_CLOSED' } : null)
    const first = conversation.send({ content: 'refused' })
    conversation.send({ content: 'next' })
    await pass(500)
    expect(server.messages.map((message) => message.content)).toEqual(['next'])
    expect(conversation.outgoing[0]).toMatchObject({
      state: 'failed',
      error: { reason: 'SESSION_CLOSED', status: 409 },
    })
    expect(states.slice(0, 2)).toEqual(['waiting', 'sending'])
    const reloaded = client(server).conversation.outgoing
    expect(reloaded[0]).toMatchObject({ state: 'failed', error: { reason: 'SESSION_CLOSED' } })
    refusing = false
    conversation.retry(first.clientMsgId)
    await pass(500)
    expect(server.messages.map((message) => message.content)).toEqual(['next', 'refused'])
    expect(conversation.outgoing).toEqual([])
  })

  it('can be given up once it has failed', async () => {
    const { conversation } = await talking(server)
    server.refuse = () => ({ code: 400, reason: 'INVALID_ARGUMENT' })
    const item = conversation.send({ content: 'bad' })
    await pass(300)
    expect(conversation.discard(item.clientMsgId)?.content).toBe('bad')
    expect(conversation.outgoing).toEqual([])
    expect(storage.length).toBe(1)
  })

  it('is sent again when the server asks for patience', async () => {
    const { conversation } = await talking(server)
    let refusals = 2
    server.refuse = () => (refusals-- > 0 ? { code: 429, reason: 'TOO_MANY_REQUESTS' } : null)
    conversation.send({ content: 'a' })
    conversation.send({ content: 'b' })
    await pass(30_000)
    expect(server.messages.map((message) => message.content)).toEqual(['a', 'b'])
  })

  it('works without storage, and with one that is full', async () => {
    storage.full = true
    const { conversation } = await talking(server)
    conversation.send({ content: 'in memory' })
    await pass(300)
    expect(server.messages).toHaveLength(1)
    vi.stubGlobal('localStorage', undefined)
    const other = await talking(server)
    other.conversation.send({ content: 'without' })
    await pass(300)
    expect(server.messages).toHaveLength(2)
  })

  it('keeps within the limit of frames', async () => {
    const { conversation } = await talking(server)
    for (let i = 0; i < 150; i++) conversation.send({ content: `m${i}` })
    await pass(10_000)
    expect(server.messages.map((message) => message.content)).toEqual(Array.from({ length: 150 }, (_, i) => `m${i}`))
    expect(server.frames.length).toBeLessThan(80)
  })
})

describe('small signs', () => {
  it('marks and typing are few', async () => {
    const { conversation, realtime } = await talking(server)
    for (let i = 0; i < 10; i++) server.say(`m${i}`)
    await pass(100)
    conversation.markRead()
    for (let i = 0; i < 20; i++) conversation.sendTyping()
    await pass(1000)
    const acks = server.frames.filter(({ type }) => type === 'message_ack').map(({ data }) => data)
    expect(acks).toEqual([{ sessionId: SESSION, seq: 10, kind: 'read' }])
    expect(server.frames.filter(({ type }) => type === 'typing')).toHaveLength(1)
    const typists: string[] = []
    realtime.on('typing', ({ sender }) => typists.push(sender.name))
    const typing = { sessionId: SESSION, sender: { kind: 'USER', id: '2', name: '李客服' } }
    FakeSocket.server.sockets[0]?.hear({ type: 'typing', data: typing })
    await pass(100)
    expect(conversation.typing?.name).toBe('李客服')
    await pass(5000)
    expect(conversation.typing).toBeNull()
    expect(typists).toEqual(['李客服'])
  })

  it('typing after a message is told at once', async () => {
    const { conversation } = await talking(server)
    conversation.sendTyping()
    conversation.send({ content: '第一句' })
    await pass(1000)
    conversation.sendTyping()
    await pass(100)
    expect(server.frames.filter(({ type }) => type === 'typing')).toHaveLength(2)
  })
})
