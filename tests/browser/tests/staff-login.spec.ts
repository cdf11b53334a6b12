import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { Server } from '../support/server.ts'
import { administrator, DESK, expect, PHONE, test } from '../support/test.ts'
import { newPhone, World, type Person } from '../support/world.ts'
import type { Page } from '@playwright/test'

/** An agent with a phone number. */
async function reachable(world: World): Promise<{ agent: Person; phone: string }> {
  const agent = await world.person('agent', '王工')
  const phone = newPhone()
  await world.admin.updateUserPatch({ id: agent.id, phone })
  return { agent, phone }
}

async function askForCode(page: Page, phone: string): Promise<void> {
  await page.getByLabel('手机号').fill(phone)
  await page.getByRole('button', { name: '获取验证码' }).click()
  await expect(page.getByText(`验证码已发送到 ${phone}`)).toBeVisible()
}

test('a code sent to the phone logs in, and leads to where one wanted to go', async ({ open, world }) => {
  const { phone } = await reachable(world)
  const page = await open(DESK)
  await page.goto(`${world.origin}/console/admin/account`)
  await page.getByRole('tab', { name: '验证码登录' }).click()
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByText('请输入 11 位手机号')).toBeVisible()
  await page.getByLabel('手机号').fill('12345')
  await page.getByRole('button', { name: '获取验证码' }).click()
  await expect(page.getByText('请输入 11 位手机号')).toBeVisible()

  await askForCode(page, phone)
  await expect(page.getByRole('button', { name: /秒后重发/ })).toBeDisabled()
  const code = await world.code(phone)
  await page.getByLabel('验证码', { exact: true }).fill(code === '000000' ? '000001' : '000000')
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByRole('alert').filter({ hasText: '验证码' })).toBeVisible()
  await page.getByLabel('验证码', { exact: true }).fill(code)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page).toHaveURL(/\/console\/admin\/account$/)
})

test("a customer's phone does not let in to the console", async ({ open, world }) => {
  const phone = newPhone()
  await world.admin.createCustomer({ name: '张医生', phone })
  const page = await open(DESK)
  await page.goto(`${world.origin}/console/login`)
  await page.getByRole('tab', { name: '验证码登录' }).click()
  await askForCode(page, phone)
  await page.getByLabel('验证码', { exact: true }).fill(await world.code(phone))
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByText('这是客户的手机号，不能登录工作台')).toBeVisible()
  await page.reload()
  await expect(page).toHaveURL(/\/login/)
})

test('a forgotten password is set anew by phone, and ends the logins elsewhere', async ({ open, world }) => {
  const { agent, phone } = await reachable(world)
  const elsewhere = new Desk(await open(DESK), world.origin, agent)
  await elsewhere.login()

  const desk = new Desk(await open(DESK), world.origin, agent)
  const { page } = desk
  await page.goto(`${world.origin}/console/login`)
  await page.getByRole('button', { name: '忘记密码？' }).click()
  await expect(page.getByRole('heading', { name: '重设密码' })).toBeVisible()
  await askForCode(page, phone)
  await page.getByLabel('验证码', { exact: true }).fill(await world.code(phone))
  await page.getByLabel('新密码', { exact: true }).fill('short')
  await page.getByLabel('再输入一次新密码').fill('short!')
  await page.getByRole('button', { name: '重设密码' }).click()
  await expect(page.getByText('至少 10 个字符')).toBeVisible()
  await expect(page.getByText('两次输入不一致')).toBeVisible()
  await page.getByLabel('新密码', { exact: true }).fill('a better password 2026')
  await page.getByLabel('再输入一次新密码').fill('a better password 2026')
  await page.getByRole('button', { name: '重设密码' }).click()
  await expect(page.getByRole('status').filter({ hasText: '密码已重设，请用新密码登录' })).toBeVisible()

  await expect(elsewhere.page).toHaveURL(/\/login/)
  await desk.login('a better password 2026')
  await expect(page.getByRole('region', { name: '会话列表' })).toBeVisible()
})

test('a login that was ended keeps the drafts, and the next one leads back to the same conversation', async ({
  open,
  world,
}) => {
  const agent = await world.person('agent', '王工')
  const desk = new Desk(await open(DESK), world.origin, agent)
  await desk.login()
  await desk.goOnline()
  const { sessionId } = await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await desk.reply('张医生').fill('写到一半的话')
  await desk.conversation('张医生').getByRole('tab', { name: '备注' }).click()
  await desk.page.getByRole('textbox', { name: '内部备注' }).fill('写到一半的备注')

  await agent.kefu.logout({ everywhere: true })
  await expect(desk.page).toHaveURL(/\/login\?next=/)
  await expect(desk.page.getByRole('status').filter({ hasText: '登录已失效' })).toBeVisible()
  await desk.page.getByLabel('用户名').fill(agent.username)
  await desk.page.getByLabel('密码', { exact: true }).fill('browser tests 2026')
  await desk.page.getByRole('button', { name: '登录', exact: true }).click()

  await expect(desk.page).toHaveURL(new RegExp(`/workbench/${sessionId}$`))
  await expect(desk.reply('张医生')).toHaveValue('写到一半的话')
  await desk.conversation('张医生').getByRole('tab', { name: '备注' }).click()
  await expect(desk.page.getByRole('textbox', { name: '内部备注' })).toHaveValue('写到一半的备注')
  await desk.conversation('张医生').getByRole('tab', { name: '回复' }).click()
  await desk.reply('张医生').press('Enter')
  await desk.hears('写到一半的话')
})

test('a token that runs out by itself is renewed without a word', async ({ open }) => {
  test.slow()
  const server = await Server.start({ KEFU_AUTH_ACCESS_MINUTES: '1' })
  try {
    const world = await World.on(server, await administrator(server))
    const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
    // The token is shown to a socket at its beginning, and again when a fresh one takes its place.
    let shown = 0
    desk.page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => (shown += /"type":\s*"auth"/.test(String(payload)) ? 1 : 0)),
    )
    await desk.login()
    await desk.goOnline()
    const customer = new Customer(await open(PHONE), world, '张医生')
    await customer.register(await world.link(), '你好')
    await desk.open('张医生')
    const begun = Date.now()
    await expect.poll(() => shown > 1 && Date.now() - begun > 61_000, { timeout: 90_000 }).toBe(true)
    await desk.say('张医生', '令牌早已过期，照常工作')
    await customer.hears('令牌早已过期，照常工作')
    await customer.say('我也收到了')
    await desk.hears('我也收到了')
    await expect(desk.page).toHaveURL(/\/workbench\//)
  } finally {
    await server.end()
  }
})
