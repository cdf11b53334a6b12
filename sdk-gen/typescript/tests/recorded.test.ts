import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Kefu, Realtime, memoryTokens, type KefuError } from '../src/index'
import recorded from './recorded/customer.json'
import { pass } from './server'

type Heard = ({ type: string; data: unknown } | { close: number })[]

/** A socket that says what was recorded as soon as the client has said who it is. */
function replaying(heard: Heard) {
  return class {
    readyState = 0
    onopen: (() => void) | null = null
    onmessage: ((event: { data: string }) => void) | null = null
    onclose: ((event: { code: number }) => void) | null = null
    constructor() {
      setTimeout(() => {
        this.readyState = 1
        this.onopen?.()
      }, 1)
    }
    send(text: string): void {
      if (!text.startsWith('{"type":"auth"')) return
      heard.forEach((frame, i) =>
        setTimeout(() => {
          if ('close' in frame) this.onclose?.({ code: frame.close })
          else this.onmessage?.({ data: JSON.stringify(frame) })
        }, i),
      )
    }
    close(): void {
      this.readyState = 3
    }
  } as unknown as new (url: string) => WebSocket
}

async function replay(heard: Heard) {
  const tokens = memoryTokens()
  tokens.write({ accessToken: 'a', refreshToken: 'r', expiresAt: Date.now() + 7_200_000, owner: 'CUSTOMER:1' })
  const kefu = new Kefu({ tokens, baseUrl: 'http://kefu.test' })
  const realtime = new Realtime(kefu, { webSocket: replaying(heard) })
  const told: [string, unknown][] = []
  const errors: KefuError[] = []
  realtime.on('message', ({ seq, recalled }) => told.push(['message', recalled ? -seq : seq]))
  realtime.on('recall', ({ seq }) => told.push(['recall', seq]))
  realtime.on('session', ({ version }) => told.push(['session', version]))
  realtime.on('typing', ({ sender }) => told.push(['typing', sender.name]))
  realtime.on('state', (state) => told.push(['state', state]))
  realtime.on('error', (error) => errors.push(error))
  realtime.start()
  await pass(200)
  realtime.stop()
  const of = (event: string) => told.filter(([name]) => name === event).map(([, value]) => value)
  return { of, errors }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('a conversation: served, typing, messages both ways, a recall', async () => {
  const { of, errors } = await replay(recorded.sockets.talk.slice(0, -1) as Heard)
  expect(of('state').slice(0, 2)).toEqual(['connecting', 'online'])
  expect(of('message')).toEqual([3, 4, 5, 6])
  expect(of('recall')).toEqual([5])
  expect(of('typing')).toEqual(['李客服'])
  expect(of('session').length).toBeGreaterThan(0)
  expect(errors).toEqual([])
})

it('a replay after an absence, with a recall of what was there', async () => {
  const { of } = await replay(recorded.sockets.resumed.slice(0, 6) as Heard)
  expect(of('message')).toEqual([7, 8, -9])
})

it('a login that ends', async () => {
  const { errors } = await replay(recorded.sockets.last as Heard)
  expect(errors.map(({ reason, message }) => [reason, message])).toEqual([['UNAUTHENTICATED', '登录已被注销']])
})
