import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { browserTokens, Kefu, KefuError, memoryTokens, Permission } from '../src/index'
import { FakeStorage, pass } from './server'

type Answer = Response | Error | (() => Promise<Response>)
let asked: { url: string; init: RequestInit }[] = []
let answers: Answer[] = []

function answer(status: number, data: unknown, more: object = {}, headers = {}): Response {
  return new Response(JSON.stringify({ code: status, data, message: 'ok', ...more }), { status, headers })
}

const LOGIN = { accessToken: 'a2', refreshToken: 'r2', expiresIn: 7200, user: { kind: 'USER', id: '7' } }

function signedIn(expiresInMs = 7_200_000) {
  const tokens = memoryTokens()
  tokens.write({ accessToken: 'a1', refreshToken: 'r1', expiresAt: Date.now() + expiresInMs, owner: 'USER:7' })
  return tokens
}

async function failure(promise: Promise<unknown>): Promise<KefuError> {
  const caught = promise.then(
    () => null,
    (error: unknown) => error,
  )
  await pass(60_000)
  const error = await caught
  expect(error).toBeInstanceOf(KefuError)
  return error as KefuError
}

const header = (i: number, name: string) => (asked[i]?.init.headers as Record<string, string> | undefined)?.[name]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  asked = []
  answers = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked.push({ url, init })
    const next = answers.shift() ?? new TypeError('no answer')
    if (next instanceof Error) throw next
    return next instanceof Response ? next : next()
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('calls', () => {
  it('put what the path names into the path, and the rest where it belongs', async () => {
    const kefu = new Kefu({ tokens: signedIn(), baseUrl: 'https://kefu.test/', language: () => 'en' })
    answers = [answer(200, { list: [] }), answer(200, {}), answer(200, {}), answer(200, {})]
    await kefu.listSessions({ page: 2, keyword: '', teamId: '5' })
    await kefu.listMessages({ id: '7/8', afterSeq: 0, fromStart: true })
    await kefu.closeSession({ id: '7', summary: 'done' })
    await kefu.updateUserPatch({ id: '3', name: 'Li' })
    expect(asked.map(({ url }) => url)).toEqual([
      'https://kefu.test/api/v1/sessions?page=2&teamId=5',
      'https://kefu.test/api/v1/sessions/7%2F8/messages?afterSeq=0&fromStart=true',
      'https://kefu.test/api/v1/sessions/7/close',
      'https://kefu.test/api/v1/users/3',
    ])
    expect(asked[2]?.init.body).toBe('{"summary":"done"}')
    expect(asked[3]?.init).toMatchObject({ method: 'PATCH', body: '{"name":"Li"}' })
    expect(header(0, 'Authorization')).toBe('Bearer a1')
    expect(header(0, 'Accept-Language')).toBe('en')
    expect(Permission.SESSION_READ).toBe('session:read')
  })

  it('are made again when that does no harm', async () => {
    const kefu = new Kefu({ tokens: signedIn() })
    answers = [new TypeError(), answer(503, null, { reason: 'UNAVAILABLE' }), answer(200, { total: 1 })]
    const list = kefu.listSessions()
    await pass(10_000)
    expect(await list).toEqual({ total: 1 })
    answers = [new TypeError()]
    expect((await failure(kefu.closeSession({ id: '1' }))).reason).toBe('NETWORK')
    expect(asked).toHaveLength(4)
    answers = [new TypeError(), answer(200, { duplicate: false })]
    const sent = kefu.sendMessage({ id: '1', clientMsgId: 'c', content: 'x' })
    await pass(10_000)
    expect(await sent).toEqual({ duplicate: false })
  })

  it('fail with what the server says', async () => {
    const kefu = new Kefu({ tokens: signedIn() })
    const details = [{ field: 'name', reason: '必填' }]
    answers = [answer(400, null, { reason: 'INVALID_ARGUMENT', message: '请求参数有误', details, requestId: 'q' })]
    const error = await failure(kefu.createTeam({ name: '' }))
    expect(error).toMatchObject({ status: 400, reason: 'INVALID_ARGUMENT', message: '请求参数有误', requestId: 'q' })
    expect([error.field('name'), error.field('code')]).toEqual(['必填', undefined])
    answers = [answer(429, null, { reason: 'TOO_MANY_REQUESTS' }, { 'Retry-After': '7' })]
    expect((await failure(kefu.createTeam({ name: 'x' }))).retryAfterMs).toBe(7000)
  })

  it('fail with words of their own where something else has answered, or nothing', async () => {
    const kefu = new Kefu({ tokens: signedIn(), timeoutMs: 1000 })
    answers = [new Response('<html>login of the hotel</html>')]
    expect(await failure(kefu.createTeam({ name: 'x' }))).toMatchObject({ status: 0, reason: 'NETWORK' })
    answers = [new Response('<html>', { status: 413 })]
    expect(await failure(kefu.createTeam({ name: 'x' }))).toMatchObject({ status: 413, reason: 'TOO_LARGE' })
    // Not Kefu's 401: the login is left alone.
    answers = [new Response('proxy', { status: 401 })]
    expect(await failure(kefu.createTeam({ name: 'x' }))).toMatchObject({ status: 401, reason: 'INTERNAL' })
    expect(kefu.signedIn).toBe(true)
    const hangs = () =>
      new Promise<Response>((_, reject) =>
        asked.at(-1)?.init.signal?.addEventListener('abort', () => reject(new Error())),
      )
    answers = [hangs, hangs]
    expect(await failure(kefu.createTeam({ name: 'x' }))).toMatchObject({ status: 0, reason: 'TIMEOUT' })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 10)
    const aborted = kefu.createTeam({ name: 'x' }, { signal: controller.signal })
    expect((await failure(aborted)).reason).toBe('ABORTED')
  })

  it('send files as forms, and fetch their content', async () => {
    const kefu = new Kefu({ tokens: signedIn() })
    answers = [answer(200, { id: '9' }), new Response('bytes')]
    await kefu.uploadFile({ file: new Blob(['x']), name: '报告.pdf', sessionId: '3' })
    const form = asked[0]?.init.body as FormData
    expect([...form.keys()]).toEqual(['name', 'sessionId', 'file'])
    expect((form.get('file') as File).name).toBe('报告.pdf')
    expect(await (await kefu.downloadFile({ id: '9' })).text()).toBe('bytes')
    answers = [answer(409, null, { reason: 'FILE_NOT_CLEAN' })]
    expect((await failure(kefu.downloadFile({ id: '9' }))).reason).toBe('FILE_NOT_CLEAN')
  })
})

describe('the login', () => {
  it('is kept from the answers that bring one, and forgotten at logout', async () => {
    const kefu = new Kefu()
    answers = [answer(200, LOGIN)]
    await kefu.login({ username: 'li', password: 'x' })
    expect(header(0, 'Authorization')).toBeUndefined()
    const expiresAt = Date.now() + 7_200_000
    const renewAt = expiresAt - 60_000
    expect(kefu.tokens.read()).toEqual({ accessToken: 'a2', refreshToken: 'r2', expiresAt, renewAt, owner: 'USER:7' })
    answers = [answer(200, {})]
    await kefu.logout()
    expect(kefu.signedIn).toBe(false)
    answers = [answer(200, { login: LOGIN, session: {} })]
    const link = { linkToken: 'l', phone: '13800138000', code: '123456', name: 'n', institution: 'i' }
    await kefu.register(link as never)
    expect(kefu.signedIn).toBe(true)
  })

  it('is refreshed once for all calls that need it, and they are made again', async () => {
    const kefu = new Kefu({ tokens: signedIn() })
    const refused = () => answer(401, null, { reason: 'UNAUTHENTICATED' })
    answers = [refused(), refused(), answer(200, LOGIN), answer(200, { a: 1 }), answer(200, { a: 2 })]
    const both = await Promise.all([kefu.listTeams(), kefu.listRoles()])
    expect(both).toEqual([{ a: 1 }, { a: 2 }])
    expect(asked.filter(({ url }) => url.endsWith('/auth/refresh'))).toHaveLength(1)
    expect(header(4, 'Authorization')).toBe('Bearer a2')
  })

  it('is refreshed ahead of time, and repeated when the answer got lost', async () => {
    const kefu = new Kefu({ tokens: signedIn(30_000) })
    answers = [new TypeError(), answer(200, LOGIN), answer(200, {})]
    const list = kefu.listTeams()
    await pass(5000)
    await list
    expect(asked.map(({ url }) => url.split('/').pop())).toEqual(['refresh', 'refresh', 'teams'])
  })

  it('ends when it cannot be refreshed, but not for want of a network', async () => {
    const ended: string[] = []
    const kefu = new Kefu({ tokens: signedIn(), onSignedOut: (error) => ended.push(error.reason) })
    const refused = () => answer(401, null, { reason: 'UNAUTHENTICATED' })
    answers = [refused(), new TypeError(), new TypeError(), new TypeError()]
    expect((await failure(kefu.createTeam({ name: 'x' }))).reason).toBe('NETWORK')
    expect([kefu.signedIn, ended]).toEqual([true, []])
    answers = [refused(), refused()]
    expect((await failure(kefu.createTeam({ name: 'x' }))).status).toBe(401)
    expect([kefu.signedIn, ended]).toEqual([false, ['UNAUTHENTICATED']])
  })

  it('that another tab has refreshed is taken from the store', async () => {
    const tokens = signedIn()
    const kefu = new Kefu({ tokens })
    answers = [
      async () => {
        tokens.write({ accessToken: 'a9', refreshToken: 'r9', expiresAt: Date.now() + 7_200_000, owner: 'USER:7' })
        return answer(401, null, { reason: 'UNAUTHENTICATED' })
      },
      answer(200, {}),
    ]
    await kefu.listTeams()
    expect(asked.map(({ url }) => url)).toEqual(['/api/v1/teams', '/api/v1/teams'])
    expect(header(1, 'Authorization')).toBe('Bearer a9')
  })

  it('lives in the browser, or in memory where that is full or broken', () => {
    const storage = new FakeStorage()
    const [one, two] = [browserTokens('k', storage), browserTokens('k', storage)]
    const tokens = { accessToken: 'a', refreshToken: 'r', expiresAt: 1 }
    one.write(tokens)
    expect(two.read()).toEqual(tokens)
    two.write(null)
    expect(one.read()).toBeNull()
    storage.full = true
    one.write(tokens)
    expect(one.read()).toEqual(tokens)
    storage.full = false
    storage.setItem('k', '{broken')
    expect(two.read()).toBeNull()
    let changes = 0
    const off = two.onChange?.(() => changes++)
    two.write(tokens)
    off?.()
    two.write(null)
    expect(changes).toBe(1)
  })
})
