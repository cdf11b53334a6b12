import type { Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { Network, withoutWebSocket } from '../support/network.ts'
import { Server } from '../support/server.ts'
import { Serving } from '../support/serving.ts'
import { administrator, DESK, expect, PHONE, test } from '../support/test.ts'
import { World } from '../support/world.ts'

/** An agent at the desk and a customer on the phone, in conversation. */
async function together(world: World, customerPage: Page, deskPage: Page) {
  const desk = new Desk(deskPage, world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  const customer = new Customer(customerPage, world, '张医生')
  await customer.register(await world.link(), '系统打不开')
  await customer.isServedBy('王工')
  await desk.open('张医生')
  await desk.hears('系统打不开')
  return { desk, customer }
}

test('what is written offline is sent once when the network is back, even after a reload', async ({ open, world }) => {
  const phone = await open(PHONE)
  const network = await Network.of(phone)
  const { desk, customer } = await together(world, phone, await open(DESK))

  await network.cut()
  await customer.say('断网时写的第一句')
  await customer.say('断网时写的第二句')
  await expect(customer.strip).toContainText('网络不稳定，消息会在恢复后自动发送')
  await customer.page.reload()
  await network.restore()

  await desk.hears('断网时写的第一句')
  await desk.hears('断网时写的第二句')
  await customer.hears('断网时写的第二句')
  await expect(customer.messages.getByText('等待发送')).toHaveCount(0)
  await expect(customer.strip).not.toContainText('网络')
  const { list } = await desk.person.kefu.listMessages({ id: await sessionOf(desk), fromStart: true })
  expect(list.map((message) => message.content).filter((content) => content.startsWith('断网时'))).toEqual([
    '断网时写的第一句',
    '断网时写的第二句',
  ])
})

test('an agent writes offline too, and reads what has come meanwhile', async ({ open, world }) => {
  const page = await open(DESK)
  const network = await Network.of(page)
  const { desk, customer } = await together(world, await open(PHONE), page)

  await network.cut()
  await customer.say('您还在吗？')
  await desk.say('张医生', '在的，网络断了一下')
  await network.restore()
  await desk.hears('您还在吗？')
  await customer.hears('在的，网络断了一下')
})

test('both sides come back by themselves when the server was away', async ({ open }) => {
  test.slow()
  const server = await Server.start()
  try {
    const world = await World.on(server, await administrator(server))
    const { desk, customer } = await together(world, await open(PHONE), await open(DESK))
    await server.kill()
    await customer.say('服务器断开时写的')
    await server.startAgain()
    await desk.hears('服务器断开时写的')
    await desk.say('张医生', '收到了')
    await customer.hears('收到了')
  } finally {
    await server.end()
  }
})

test('without a WebSocket everything works by long polls', async ({ open, world }) => {
  const [phone, desktop] = [await open(PHONE), await open(DESK)]
  await withoutWebSocket(phone)
  await withoutWebSocket(desktop)
  const { desk, customer } = await together(world, phone, desktop)
  await customer.say('没有 WebSocket 也能说话')
  await desk.hears('没有 WebSocket 也能说话')
  await desk.say('张医生', '看到了')
  await customer.hears('看到了')
  await expect(customer.strip).not.toContainText('网络')
})

test('tabs of one browser share one connection, and the next takes over', async ({ open, world }) => {
  const desktop = await open(DESK)
  const sockets = new Set<unknown>()
  const watch = (page: Page) =>
    page.on('websocket', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
  watch(desktop)
  const { desk, customer } = await together(world, await open(PHONE), desktop)

  const other = await desktop.context().newPage()
  watch(other)
  await other.goto(desktop.url())
  const second = new Desk(other, world.origin, desk.person)
  await second.hears('系统打不开')
  await customer.say('两个标签页都能看到')
  await desk.hears('两个标签页都能看到')
  await second.hears('两个标签页都能看到')
  expect(sockets.size).toBe(1)

  await desktop.close()
  await customer.say('剩下的标签页接着收')
  await second.hears('剩下的标签页接着收')
  await second.say('张医生', '剩下的也能发')
  await customer.hears('剩下的也能发')
})

test('an expired token is renewed without a word, a revoked login is told', async ({ open, world }) => {
  const { desk, customer } = await together(world, await open(PHONE), await open(DESK))
  await desk.page.evaluate(() => {
    const tokens = JSON.parse(localStorage.getItem('kefu.console') ?? '{}')
    localStorage.setItem('kefu.console', JSON.stringify({ ...tokens, accessToken: 'expired', expiresAt: 0 }))
  })
  await desk.page.reload()
  await desk.say('张医生', '令牌过期后照常工作')
  await customer.hears('令牌过期后照常工作')

  await world.admin.updateUserPatch({ id: desk.person.id, status: 'DISABLED' })
  await expect(desk.page).toHaveURL(/\/console\/login/)
  await expect(desk.page.getByRole('status')).toContainText('登录已失效')
})

/** A customer on the phone, served by calls. */
async function served(world: World, page: Page) {
  const serving = await Serving.by(world, '王工', '张医生')
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link(), '系统打不开')
  await serving.served()
  await customer.isServedBy('王工')
  return { customer, serving }
}

test('both tabs of a customer hear and speak', async ({ open, world }) => {
  const first = await open(PHONE)
  const { customer, serving } = await served(world, first)
  const second = new Customer(await first.context().newPage(), world, '张医生')
  await second.page.goto(first.url())
  await second.hears('系统打不开')
  await serving.say('两边都能看到')
  await customer.hears('两边都能看到')
  await second.hears('两边都能看到')
  await second.say('第二个标签页写的')
  await customer.hears('第二个标签页写的')
  await first.close()
  await second.say('关掉一个之后写的')
  await serving.heard(({ content }) => content === '关掉一个之后写的')
  const contents = (await serving.messages()).map(({ content }) => content)
  expect(new Set(contents).size).toBe(contents.length)
})

test('without a WebSocket a customer is back within seconds when the server was away', async ({ open }) => {
  test.slow()
  const server = await Server.start()
  try {
    const world = await World.on(server, await administrator(server))
    const page = await open(PHONE)
    await withoutWebSocket(page)
    const { customer, serving } = await served(world, page)
    await serving.say('断开之前')
    await customer.hears('断开之前')
    await server.kill()
    await customer.say('服务器断开时写的')
    await expect(customer.strip).toContainText('网络不稳定，消息会在恢复后自动发送')
    await server.startAgain()
    await serving.person.kefu.setMyAgentStatus({ status: 'ONLINE' })
    await serving.heard(({ content }) => content === '服务器断开时写的')
    const said = Date.now()
    await serving.say('恢复之后')
    await customer.hears('恢复之后')
    expect(Date.now() - said).toBeLessThan(10_000)
    await expect(customer.strip).not.toContainText('网络')
    expect((await serving.messages()).filter(({ content }) => content === '服务器断开时写的')).toHaveLength(1)
  } finally {
    await server.end()
  }
})

test('a token that lives for a minute is renewed without a word, and without haste', async ({ open }) => {
  test.slow()
  const server = await Server.start({ KEFU_AUTH_ACCESS_MINUTES: '1' })
  try {
    const world = await World.on(server, await administrator(server))
    const page = await open(PHONE)
    let renewals = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/auth/refresh')) renewals += 1
    })
    const { customer, serving } = await served(world, page)
    const until = Date.now() + 75_000
    for (let n = 1; Date.now() < until; n += 1) {
      await customer.say(`第 ${n} 句`)
      await serving.heard(({ content }) => content === `第 ${n} 句`)
      await serving.person.kefu.setMyAgentStatus({ status: 'ONLINE' })
      await page.waitForTimeout(5000)
    }
    await expect(customer.strip).not.toContainText('网络')
    process.stdout.write(`    ${renewals} renewals in 75 s\n`)
    expect(renewals).toBeGreaterThan(0)
    expect(renewals).toBeLessThan(15)
  } finally {
    await server.end()
  }
})

/** The session that the desk shows. */
async function sessionOf(desk: Desk): Promise<string> {
  return new URL(desk.page.url()).pathname.split('/').at(-1) ?? ''
}
