// What a supervisor does on the board, each seen from the other side: agents and customers sit in browsers of their own.
import type { BrowserContextOptions, Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { Board, mark } from '../support/board.ts'
import { Customer } from '../support/customer.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

type Open = (options: BrowserContextOptions) => Promise<Page>

async function boardOf(open: Open, world: World): Promise<Board> {
  const board = new Board(await open(DESK), world.origin, await world.person('supervisor', '陈主管'))
  await board.watch(world)
  return board
}

/** An agent at a desk who is busy: gets what a supervisor gives, and nothing else. */
async function busyAgent(open: Open, world: World, name: string, maxSessions = 5): Promise<Desk> {
  const person = await world.person('agent', name, maxSessions)
  await person.kefu.setMyAgentStatus({ status: 'BUSY' })
  const desk = new Desk(await open(DESK), world.origin, person)
  await desk.login()
  await expect(desk.page.getByRole('button', { name: /我的状态：\s*忙碌/ })).toBeVisible()
  return desk
}

/** An agent at a desk who is online. */
async function onlineAgent(open: Open, world: World, name: string): Promise<Desk> {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', name))
  await desk.login()
  await desk.goOnline()
  return desk
}

async function customerWith(open: Open, world: World, name: string, question = ''): Promise<Customer> {
  const customer = new Customer(await open(PHONE), world, name)
  await customer.register(await world.link(), question)
  return customer
}

/** Where a customer stands in the queue, as the page shows it. */
const placeOf = (customer: Customer) => customer.page.locator('.place')

test('a waiting session is dragged onto an agent, who gets it', async ({ open, world }) => {
  const board = await boardOf(open, world)
  const desk = await busyAgent(open, world, '王工')
  await world.person('agent', '李工')
  const customer = await customerWith(open, world, '张医生', '登录后页面空白')

  await expect(board.waits('张医生')).toContainText('无人在线')
  await expect(board.agent('李工')).toContainText('离线')
  // Whoever cannot take it is shown so while it is dragged, and nothing can be dropped there.
  await board.waits('张医生').hover()
  await board.page.mouse.down()
  await board.agent('李工').hover()
  await expect(board.agent('李工')).toHaveClass(/refused/)
  await expect(board.agent('王工')).not.toHaveClass(/refused/)
  await board.agent('李工').hover()
  await board.page.mouse.up()
  await expect(board.agent('李工')).not.toHaveClass(/refused/)
  await expect(board.page.getByRole('dialog')).toHaveCount(0)
  await board.waits('张医生').dragTo(board.agent('王工'))
  const dialog = board.dialog('分配 张医生 的会话')
  await expect(dialog.getByRole('radio', { name: '王工' })).toBeChecked()
  await expect(dialog.getByText(/忙碌，可指派.*0\/5/)).toBeVisible()
  await dialog.getByText('不可选的客服').click()
  await expect(dialog.getByRole('listitem').filter({ hasText: '李工' })).toContainText('离线')
  await dialog.getByRole('button', { name: '专业匹配' }).click()
  await dialog.getByRole('button', { name: '分配给 王工' }).click()

  await expect(dialog).toHaveCount(0)
  await expect(board.waits('张医生')).toHaveCount(0)
  await expect(board.agent('王工')).toContainText('1/5')
  await customer.isServedBy('王工')
  await desk.open('张医生')
  await desk.hears('登录后页面空白')
  await desk.page.getByRole('tab', { name: '分配记录' }).click()
  await expect(desk.page.getByText('专业匹配').first()).toBeVisible()
})

test('of many sessions as many are assigned as fit, and who was full is said for each of the rest', async ({
  open,
  world,
}) => {
  const board = await boardOf(open, world)
  const desk = await busyAgent(open, world, '王工', 2)
  const names = ['张医生', '刘护士', '马主任']
  for (const name of names) await world.waiting(name, '你好')
  for (const name of names) await board.select(name)
  await expect(board.page.getByText('已选 3 个会话')).toBeVisible()
  await board.page.getByRole('button', { name: '分配给…' }).click()
  await expect(board.dialog('分配 3 个会话')).toBeVisible()
  const dialog = board.dialog(/^分配/)
  await expect(dialog.getByText('只能再接 2 个')).toBeVisible()
  await dialog.getByRole('button', { name: '分配给 王工' }).click()

  await expect(dialog.getByRole('alert')).toContainText('1 个会话没有分配')
  await expect(dialog.getByRole('alert').getByRole('listitem')).toHaveText('马主任：王工 的会话数已满')
  await expect(desk.row('张医生')).toBeVisible()
  await expect(desk.row('刘护士')).toBeVisible()
  await expect(desk.row('马主任')).toHaveCount(0)
  // The dialog is about what is left now, and says why it cannot have the same agent.
  await expect(board.dialog('分配 马主任 的会话')).toContainText('会话数已满：2/2')
  await dialog.getByRole('button', { name: '关闭' }).last().click()
  await expect(board.waitingNames).toHaveText(['马主任'])
  await expect(board.agent('王工')).toContainText('2/2')
})

test('a supervisor listens in without anybody noticing, and takes over', async ({ open, world }) => {
  const board = await boardOf(open, world)
  const desk = await onlineAgent(open, world, '王工')
  const customer = await customerWith(open, world, '张医生', '登录后页面空白')
  await customer.isServedBy('王工')
  await expect(desk.row('张医生')).toContainText('登录后页面空白')

  const pane = await board.listenIn('王工', '张医生')
  await expect(pane.getByText('登录后页面空白')).toBeVisible()
  await customer.say('还在吗')
  await expect(pane.getByText('还在吗')).toBeVisible()
  // Read by nobody: not for the customer, not for the agent's count, and the agent sees no watcher.
  await expect(customer.messages.getByText('已读')).toHaveCount(0)
  await expect(desk.row('张医生').getByLabel(/条未读/)).toBeVisible()
  await desk.open('张医生')
  await expect(desk.page.getByText('陈主管')).toHaveCount(0)
  await expect(customer.messages.getByText('已读').last()).toBeVisible()

  await pane.getByRole('button', { name: '接管' }).click()
  const dialog = board.dialog('接管 张医生 的会话')
  await expect(dialog).toContainText('王工')
  await dialog.getByLabel('原因').fill('客户投诉')
  await dialog.getByRole('button', { name: '接管' }).click()
  await customer.isServedBy('陈主管')
  await expect(desk.conversation('张医生').getByText('此会话由 陈主管 接待')).toBeVisible()
  await board.page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name: '工作台' }).click()
  await board.open('张医生')
  await board.say('张医生', '我来帮您看')
  await customer.hears('我来帮您看')
})

test('a session is reassigned, and put back into the queue', async ({ open, world }) => {
  const board = await boardOf(open, world)
  const wang = await onlineAgent(open, world, '王工')
  const customer = await customerWith(open, world, '张医生', '登录后页面空白')
  await customer.isServedBy('王工')
  const li = await busyAgent(open, world, '李工')

  await board.agent('王工').getByRole('button', { name: '王工' }).click()
  await board.page.getByRole('button', { name: '重新分配 张医生 的会话' }).click()
  const dialog = board.dialog('分配 张医生 的会话')
  await expect(dialog.getByRole('radio', { name: '李工' })).toBeChecked()
  await dialog.getByText('不可选的客服').click()
  await expect(dialog.getByRole('listitem').filter({ hasText: '王工' })).toContainText('正在服务此会话')
  await dialog.getByRole('button', { name: '分配给 李工' }).click()
  await customer.isServedBy('李工')
  await expect(li.row('张医生')).toBeVisible()
  await expect(wang.row('张医生')).toHaveCount(0)
  await expect(board.page.getByText('目前没有进行中的会话')).toBeVisible()

  await wang.page.keyboard.press('s')
  await wang.page.getByRole('menuitem', { name: '忙碌' }).click()
  const pane = await board.listenIn('李工', '张医生')
  await pane.getByRole('button', { name: '放回队列' }).click()
  await board.dialog('将 张医生 的会话放回队列').getByRole('button', { name: '放回队列' }).click()
  await expect(board.waits('张医生')).toBeVisible()
  await expect(customer.page.getByText('下一位就是您').first()).toBeVisible()
  await expect(li.row('张医生')).toHaveCount(0)
})

test('the urgent goes first, and everybody in the queue sees it', async ({ open, world }) => {
  const board = await boardOf(open, world)
  const first = await customerWith(open, world, '张医生')
  const second = await customerWith(open, world, '刘护士')
  await expect(placeOf(first)).toContainText('下一位就是您')
  await expect(placeOf(second)).toContainText('1 位')
  await expect(board.waitingNames).toHaveText(['张医生', '刘护士'])

  await board.page.getByRole('button', { name: '刘护士 的会话的更多操作' }).click()
  await board.page.getByRole('menuitem', { name: '插队' }).click()
  await expect(board.waitingNames).toHaveText(['刘护士', '张医生'])
  await expect(board.waits('刘护士')).toContainText('插队')
  await expect(placeOf(second)).toContainText('下一位就是您')
  await expect(placeOf(first)).toContainText('1 位')

  await board.page.getByRole('button', { name: '刘护士 的会话的更多操作' }).click()
  await board.page.getByRole('menuitem', { name: '取消插队' }).click()
  await expect(board.waitingNames).toHaveText(['张医生', '刘护士'])
  await expect(placeOf(first)).toContainText('下一位就是您')
})

test('all is live without a reload, and nothing moves while something is selected', async ({ open, world }) => {
  const agent = await world.person('agent', '王工')
  const board = await boardOf(open, world)
  const wasNeverReloaded = await mark(board.page)
  await expect(board.waiting.getByText('没有客户在排队')).toBeVisible()
  await world.waiting('张医生', '你好')
  await world.waiting('刘护士', '你好')
  await expect(board.waitingNames).toHaveText(['张医生', '刘护士'])

  await board.select('刘护士')
  await expect(board.page.getByText('已选择会话，列表暂停移动')).toBeVisible()
  const place = await board.waits('刘护士').boundingBox()
  const { sessionId } = await world.waiting('马主任', '你好')
  await world.admin.prioritizeSession({ id: sessionId, urgent: true })
  await expect(board.waiting.getByText('新增 1 个，取消选择后显示')).toBeVisible()
  const desk = new Desk(await open(DESK), world.origin, agent)
  await desk.login()
  await desk.goOnline()
  await expect(desk.row('张医生')).toBeVisible()
  await expect(board.waits('张医生')).toContainText('已不在队列中')
  await expect(board.agent('王工')).toContainText('3/5')
  await expect(board.waits('刘护士')).toContainText('已不在队列中')
  expect(await board.waits('刘护士').boundingBox()).toEqual(place)

  await board.page.getByRole('button', { name: '取消选择' }).click()
  await expect(board.waiting.getByText('没有客户在排队')).toBeVisible()
  await wasNeverReloaded()
})

test.describe('in a browser far away', () => {
  // It is another day there than for the company, whatever the time is now.
  const hour = Number(
    new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', timeZone: 'Asia/Shanghai' }).format(),
  )
  const timezoneId = hour < 18 ? 'Pacific/Honolulu' : 'Pacific/Kiritimati'

  test("figures of today open the company's day", async ({ open, world }) => {
    const desk = await onlineAgent(open, world, '王工')
    await world.waiting('张医生', '你好')
    await desk.open('张医生')
    await desk.say('张医生', '您好')
    const board = await boardOf((options) => open({ ...options, timezoneId }), world)
    const figure = board.page.getByRole('link', { name: /平均首次响应/ })
    await expect(figure).toContainText('今日 1 次')
    const asked = board.page.waitForRequest((request) => request.url().includes('firstReplyTimeFrom'))
    await figure.click()
    const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format()
    await expect(board.page).toHaveURL(new RegExp(`answered=${today}`))
    const from = new URL((await asked).url()).searchParams.get('firstReplyTimeFrom') ?? ''
    expect(new Date(from).toISOString()).toBe(new Date(`${today}T00:00:00+08:00`).toISOString())
    await expect(board.page.getByRole('row').filter({ hasText: '张医生' })).toBeVisible()
  })
})
