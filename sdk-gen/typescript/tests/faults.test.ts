import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { seqs, talking } from './client'
import { pass, world, type Server } from './server'

let server: Server
beforeEach(() => {
  ;({ server } = world())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Random numbers that are the same in every run. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

it.each(Array.from({ length: 40 }, (_, seed) => seed))('whatever happens, all ends well: %i', async (seed) => {
  const next = random(seed)
  const chance = (p: number) => next() < p
  vi.spyOn(Math, 'random').mockImplementation(next)
  for (let i = 0; i < 60; i++) server.say(`before ${i}`)
  const { conversation, told, realtime } = await talking(server)
  // Frames get lost, come twice, and come late.
  server.push = (socket, frame) => {
    if (chance(0.15)) return
    const times = chance(0.15) ? 2 : 1
    for (let i = 0; i < times; i++) setTimeout(() => socket.hear(frame), chance(0.3) ? next() * 2000 : 0)
  }
  const sent: string[] = []
  const faults: (() => void)[] = [
    () => server.cut([1006, 1011, 1012, 4408, 4429, 4440, 4450][Math.floor(next() * 7)]),
    () => (server.down = !server.down),
    () => (server.noSockets = !server.noSockets),
    () => (server.mute = !server.mute),
    () => server.rotate(),
    () => server.cut(4401),
    () => realtime.retryNow(),
    () => server.recall(1 + Math.floor(next() * server.messages.length)),
    () => void conversation.open(),
    () => void conversation.loadOlder(),
  ]
  for (let step = 0; step < 60; step++) {
    if (chance(0.4)) server.say(`agent ${step}`)
    if (chance(0.4)) sent.push(conversation.send({ content: `own ${step}` }).content)
    const fault = faults[Math.floor(next() * faults.length)]
    // The refresh token must stay the client's: what is tested is not the theft of tokens.
    const { refreshToken } = server
    if (chance(0.3)) fault?.()
    if (fault === faults[4]) server.refreshToken = refreshToken
    await pass(next() * 3000)
  }
  Object.assign(server, { down: false, noSockets: false, mute: false })
  const faulty = server.push
  server.push = (socket, frame) => socket.hear(frame)
  await pass(400_000)
  // A connection that holds, but loses frames: no replay mends that.
  server.push = faulty
  for (let i = 0; i < 10; i++) server.say(`lossy ${i}`)
  await pass(3000)
  server.push = (socket, frame) => socket.hear(frame)
  // What was lost last is found at the latest by what comes next.
  server.say('the last')
  await pass(60_000)
  expect(realtime.state).toBe('online')
  if (conversation.error) await Promise.all([conversation.open(), pass(100)])
  const first = conversation.messages[0]?.seq ?? 0
  expect(conversation.messages).toEqual(server.messages.slice(first - 1))
  expect(conversation.outgoing).toEqual([])
  const own = server.messages.filter((message) => message.sender?.kind === 'CUSTOMER')
  expect(own.map(({ content, recalled }, i) => (recalled ? sent[i] : content))).toEqual(sent)
  expect(seqs(told.messages)).toEqual(server.messages.slice(60).map(({ seq }) => seq))
})
