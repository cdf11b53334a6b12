// Records what a real Kefu says, for the tests: node --experimental-websocket tests/record.mjs URL ADMIN_PASSWORD
// The Kefu must be a fresh one. Tokens are left out of what is written.
import { writeFileSync } from 'node:fs'

const [base, password] = process.argv.slice(2)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function call(verb, path, token, body) {
  const response = await fetch(`${base}/api/v1${path}`, {
    method: verb,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  })
  return response.json()
}
const ask = async (...of) => {
  const answer = await call(...of)
  if (answer.code !== 200) throw new Error(JSON.stringify(answer))
  return answer.data
}

/** A socket that keeps what it hears. */
async function connect(token, resume) {
  const heard = []
  const ws = new WebSocket(`${base.replace('http', 'ws')}/ws`)
  const closed = new Promise((resolve) => {
    ws.onclose = (event) => {
      heard.push({ close: event.code })
      resolve(event.code)
    }
  })
  ws.onmessage = (event) => heard.push(JSON.parse(event.data))
  await new Promise((resolve) => (ws.onopen = resolve))
  const send = (type, data) => ws.send(JSON.stringify({ type, data }))
  send('auth', { token, deviceId: `d${Math.random()}`, resume })
  await pause(400)
  return { heard, send, closed, close: () => ws.close() }
}

const admin = (await ask('POST', '/auth/login', '', { username: 'admin', password })).accessToken
await ask('PUT', '/user/password', admin, { oldPassword: password, newPassword: 'administrator 2026' })
const role = (await ask('GET', '/roles', admin)).list.find((found) => found.code === 'agent').id
const first = { username: 'li', name: '李客服', password: 'first password', roleIds: [role], maxSessions: 3 }
const agentId = (await ask('POST', '/users', admin, first)).id
const team = (await ask('POST', '/teams', admin, { name: '疾控产品组' })).id
await ask('POST', `/teams/${team}/members`, admin, { userIds: [agentId] })
const made = await ask('POST', '/customers/quick-register', admin, { teamId: team, expireHours: 48 })
const linkToken = made.list[0].token
const phone = '13800138000'
await ask('POST', '/auth/code', '', { phone, purpose: 'REGISTER', linkToken })
const sent = await ask('GET', `/sent-messages?target=${phone}`, admin)
const code = /[0-9]{6}/.exec(sent.list[0].content)[0]
const person = { linkToken, phone, code, name: '张医生', institution: '朝阳区疾控中心', question: '登录后页面空白' }
const registered = await ask('POST', '/customers/register', '', person)
const customer = registered.login.accessToken
const id = registered.session.id
let agent = (await ask('POST', '/auth/login', '', { username: 'li', password: 'first password' })).accessToken
await ask('PUT', '/user/password', agent, { oldPassword: 'first password', newPassword: 'second password' })
const say = (n, content) =>
  ask('POST', `/sessions/${id}/messages`, agent, { clientMsgId: `a${n}`, content }).then((answer) => answer.message)

// A conversation as the customer hears it: served, typing, messages both ways, a refusal, a recall.
const talk = await connect(customer)
const desk = await connect(agent)
await ask('PUT', '/agents/me/status', agent, { status: 'ONLINE' })
await pause(1500)
desk.send('typing', { sessionId: id })
await pause(200)
await say(1, '您好，请按 Ctrl+F5 刷新。')
const wrong = await say(2, '发错了')
talk.send('message', { sessionId: id, clientMsgId: 'c1', content: '好的' })
await pause(300)
talk.send('message', { sessionId: id, clientMsgId: 'c1', content: '好的' })
talk.send('message', { sessionId: id, clientMsgId: 'c2', content: '长'.repeat(4001) })
await ask('POST', `/sessions/${id}/messages/${wrong.id}/recall`, agent)
await pause(400)
const epoch = talk.heard[0].data.epoch
const seq = talk.heard.filter((frame) => frame.type === 'message').at(-2).data.seq
talk.close()
await talk.closed

// Away: two messages come, one that was there is recalled.
const late = await say(3, '还有一件事')
await say(4, '请重新登录')
await ask('POST', `/sessions/${id}/messages/${(await say(5, '撤')).id}/recall`, agent)
const head = (await ask('GET', `/sessions/${id}`, customer)).lastSeq
const resumed = await connect(customer, { epoch, cursors: { [id]: late.seq - 1 } })
const ahead = await connect(customer, { epoch, cursors: { [id]: head + 100 } })
const restored = await connect(customer, { epoch: 'another', cursors: { [id]: 1 } })
const foreign = await connect(customer, { epoch, cursors: { 999: 1 } })
const expired = await connect('nonsense')

// The long poll, and the history.
const poll = [await ask('GET', '/events', customer)]
await say(6, '轮询也能收到')
poll.push(await ask('GET', `/events?wait=5&since=${encodeURIComponent(poll[0].next)}`, customer))
const pages = {
  newest: await ask('GET', `/sessions/${id}/messages?size=50`, customer),
  after: await ask('GET', `/sessions/${id}/messages?afterSeq=2&size=100`, customer),
  before: await ask('GET', `/sessions/${id}/messages?beforeSeq=4&size=50`, customer),
}
const session = await ask('GET', `/sessions/${id}`, customer)

// The end.
const last = await connect(customer)
await ask('PUT', `/sessions/${id}/close`, agent, { summary: '浏览器缓存' })
last.send('message', { sessionId: id, clientMsgId: 'c9', content: '还在吗' })
await pause(400)
await ask('POST', '/auth/logout', customer, {})
await last.closed
const unauthenticated = await call('GET', `/sessions/${id}`, customer)

const sockets = { talk, resumed, ahead, restored, foreign, expired, last }
const heard = Object.fromEntries(Object.entries(sockets).map(([name, socket]) => [name, socket.heard]))
const { expiresIn, user } = registered.login
const login = { expiresIn, user }
const recorded = { sessionId: id, epoch, seq, login, session, sockets: heard, poll, pages, unauthenticated }
writeFileSync(new URL('recorded/customer.json', import.meta.url), `${JSON.stringify(recorded, null, 1)}\n`)
desk.close()
for (const socket of Object.values(sockets)) socket.close()
