import type { Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { Network, withoutWebSocket } from '../support/network.ts'
import { Server } from '../support/server.ts'
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

/** The session that the desk shows. */
async function sessionOf(desk: Desk): Promise<string> {
  return new URL(desk.page.url()).pathname.split('/').at(-1) ?? ''
}
