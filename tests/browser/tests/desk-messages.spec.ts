import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { Server } from '../support/server.ts'
import { administrator, DESK, expect, PHONE, test } from '../support/test.ts'
import { World } from '../support/world.ts'
import type { Page } from '@playwright/test'

/** An agent and a customer in conversation. */
async function together(world: World, open: (options: typeof DESK) => Promise<Page>, undoSeconds = 0) {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login(undefined, undoSeconds)
  await desk.goOnline()
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '系统打不开')
  await desk.open('张医生')
  await desk.hears('系统打不开')
  return { desk, customer }
}

test('an answer quotes what it answers, and the quote leads to it', async ({ open, world }) => {
  const { desk, customer } = await together(world, open)
  await customer.say('第二个问题：打印不了')
  const asked = desk.messages.getByRole('article').filter({ hasText: '系统打不开' }).first()
  await asked.hover()
  await asked.getByRole('button', { name: '引用' }).click()
  await expect(desk.reply('张医生')).toBeFocused()
  const composer = desk.conversation('张医生')
  await expect(composer.getByText('张医生：系统打不开')).toBeVisible()
  await composer.getByRole('button', { name: '取消引用' }).click()
  await expect(composer.getByText('张医生：系统打不开')).toHaveCount(0)

  await asked.hover()
  await asked.getByRole('button', { name: '引用' }).click()
  await desk.say('张医生', '请清一下缓存')
  await expect(composer.getByRole('button', { name: '取消引用' })).toHaveCount(0)
  const answer = desk.messages.getByRole('article').filter({ hasText: '请清一下缓存' })
  await answer.getByRole('button', { name: '张医生：系统打不开' }).click()
  await expect(asked).toBeFocused()
  await expect(customer.messages.getByText('系统打不开')).toHaveCount(2)
})

test('taking a message back before it goes gives its quote back too', async ({ open, world }) => {
  const { desk } = await together(world, open, 5)
  const asked = desk.messages.getByRole('article').filter({ hasText: '系统打不开' }).first()
  await asked.hover()
  await asked.getByRole('button', { name: '引用' }).click()
  await desk.reply('张医生').fill('写错了')
  await desk.reply('张医生').press('Enter')
  await desk.reply('张医生').press('Control+z')
  await expect(desk.reply('张医生')).toHaveValue('写错了')
  await expect(desk.conversation('张医生').getByRole('button', { name: '取消引用' })).toBeVisible()
})

test('a recalled message is gone from both sides and from the list, and can be written anew', async ({
  open,
  world,
}) => {
  const { desk, customer } = await together(world, open)
  await desk.say('张医生', '密码是 123456')
  await customer.hears('密码是 123456')
  await expect(desk.row('张医生')).toContainText('密码是 123456')
  const sent = desk.messages.getByRole('article').filter({ hasText: '密码是 123456' })
  await sent.hover()
  await sent.getByRole('button', { name: '撤回' }).click()

  await expect(desk.messages.getByText('您撤回了一条消息')).toBeVisible()
  await expect(desk.row('张医生')).not.toContainText('密码是 123456')
  await expect(customer.messages).toContainText('对方撤回了一条消息')
  await expect(customer.page.getByText('密码是 123456')).toHaveCount(0)
  await desk.messages.getByRole('button', { name: '重新编辑' }).click()
  await expect(desk.reply('张医生')).toHaveValue('密码是 123456')

  await customer.page.reload()
  await expect(customer.messages).toContainText('对方撤回了一条消息')
  await expect(customer.page.getByText('密码是 123456')).toHaveCount(0)
})

test("a customer's recall is seen at the desk, also by who had quoted it", async ({ open, world }) => {
  const { desk, customer } = await together(world, open)
  await customer.say('我的身份证号是 110…')
  const said = desk.messages.getByRole('article').filter({ hasText: '我的身份证号是' })
  await said.hover()
  await said.getByRole('button', { name: '引用' }).click()
  await desk.say('张医生', '请不要发证件号')
  await customer.messages.getByText('我的身份证号是 110…').first().click({ button: 'right' })
  await customer.page.getByRole('button', { name: '撤回' }).click()
  await expect(desk.messages.getByText('张医生 撤回了一条消息')).toBeVisible()
  await expect(desk.conversation('张医生')).not.toContainText('身份证号')
  await expect(desk.row('张医生')).not.toContainText('身份证号')
})

test('what is older than the window cannot be recalled', async ({ open }) => {
  const server = await Server.start()
  try {
    const admin = await administrator(server)
    await admin.updateSettingsPatch({ recallSeconds: 3 })
    const world = await World.on(server, admin)
    const { desk } = await together(world, open)
    await desk.say('张医生', '说出去的话')
    const sent = desk.messages.getByRole('article').filter({ hasText: '说出去的话' })
    await sent.hover()
    const recall = sent.getByRole('button', { name: '撤回' })
    await expect(recall).toBeVisible()
    // The offer goes with the window, without anything else happening.
    await expect(recall).toHaveCount(0)
    await expect(sent.getByRole('button', { name: '引用' })).toBeVisible()
  } finally {
    await server.end()
  }
})
