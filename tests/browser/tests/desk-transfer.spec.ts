import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { Server } from '../support/server.ts'
import { administrator, DESK, expect, PHONE, test } from '../support/test.ts'
import { World } from '../support/world.ts'
import type { Locator, Page } from '@playwright/test'

type Open = (options: typeof DESK) => Promise<Page>

/** Two agents at their desks; 张医生 talks to the first. */
async function twoDesks(world: World, open: Open): Promise<{ first: Desk; second: Desk; customer: Customer }> {
  const first = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await first.login()
  await first.goOnline()
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '报表导不出')
  await customer.isServedBy('王工')
  await first.open('张医生')
  const second = new Desk(await open(DESK), world.origin, await world.person('agent', '李工'))
  await second.login()
  await second.goOnline()
  return { first, second, customer }
}

/** Asks for a transfer; gives the line that says so. */
async function handOver(from: Desk, to: RegExp | string, waitsFor: string): Promise<Locator> {
  await from.conversation('张医生').getByRole('button', { name: '转接' }).click()
  const dialog = from.page.getByRole('dialog', { name: '转接 张医生 的会话' })
  await dialog.getByRole('radio', { name: to }).check()
  await dialog.getByLabel('转接原因').fill('报表要您来看')
  await dialog.getByRole('button', { name: '发起转接' }).click()
  const waiting = from.conversation('张医生').getByText(`等待 ${waitsFor} 接受转接`)
  await expect(waiting).toBeVisible()
  return waiting
}

const offerTo = (desk: Desk) => desk.page.getByRole('alert', { name: '转接请求' })

test('an accepted transfer opens at the other desk, with all that was said', async ({ open, world }) => {
  const { first, second, customer } = await twoDesks(world, open)
  await first.say('张医生', '我请同事来看')
  await first.conversation('张医生').getByRole('tab', { name: '备注' }).click()
  await first.page.getByRole('textbox', { name: '内部备注' }).fill('已查过权限')
  await first.conversation('张医生').getByRole('button', { name: '保存备注' }).click()
  await handOver(first, '李工', '李工')

  const offer = offerTo(second)
  await expect(offer).toContainText('王工 想把 张医生 的会话转给您')
  await expect(offer).toContainText('报表要您来看')
  await offer.getByRole('button', { name: '接受' }).click()
  await expect(offer).toHaveCount(0)
  await expect(second.conversation('张医生')).toBeVisible()
  await second.hears('报表导不出')
  await second.hears('我请同事来看')
  await expect(second.conversation('张医生').getByText('已查过权限')).toBeVisible()
  await customer.isServedBy('李工')
  await second.say('张医生', '我来看报表')
  await customer.hears('我来看报表')

  await expect(first.row('张医生')).toHaveCount(0)
  await expect(first.page.getByRole('alert').filter({ hasText: /会话.*李工 接待/ })).toBeVisible()
  await expect(first.reply('张医生')).toHaveCount(0)
})

test('the one who asked takes a transfer back, and goes on', async ({ open, world }) => {
  const { first, second } = await twoDesks(world, open)
  const waiting = await handOver(first, '由系统选择', '李工')
  await expect(offerTo(second)).toBeVisible()
  await first.conversation('张医生').getByRole('button', { name: '撤回转接' }).click()
  await expect(waiting).toHaveCount(0)
  await first.say('张医生', '还是我来')
})

test('an offer that nobody takes comes back when its time is over', async ({ open }) => {
  const server = await Server.start()
  try {
    const admin = await administrator(server)
    await admin.updateAssignmentSettingsPatch({ transferSeconds: 6 })
    const { first, second } = await twoDesks(await World.on(server, admin), open)
    const waiting = await handOver(first, '李工', '李工')
    await expect(offerTo(second)).toBeVisible()
    await expect(waiting).toHaveCount(0, { timeout: 20_000 })
    await expect(offerTo(second)).toHaveCount(0)
    await expect(first.page.getByRole('alert').filter({ hasText: '李工 未接手 张医生 的会话' })).toBeVisible()
    await first.say('张医生', '还在我这里')
    await expect(second.row('张医生')).toHaveCount(0)
  } finally {
    await server.end()
  }
})

test('who is full or away is shown so, and cannot be chosen', async ({ open, world }) => {
  const { first, second } = await twoDesks(world, open)
  await second.page.getByRole('button', { name: /我的状态/ }).click()
  await second.page.getByRole('menuitem', { name: '小休' }).click()
  await world.person('agent', '赵工')
  await first.conversation('张医生').getByRole('button', { name: '转接' }).click()
  const dialog = first.page.getByRole('dialog', { name: '转接 张医生 的会话' })
  await expect(dialog.getByRole('radio', { name: /李工.*小休/ })).toBeDisabled()
  await expect(dialog.getByRole('radio', { name: /赵工.*离线/ })).toBeDisabled()
  await expect(dialog.getByRole('radio', { name: /王工/ })).toHaveCount(0)
  // It is live: whoever comes back can be chosen at once.
  await second.page.getByRole('button', { name: /我的状态/ }).click()
  await second.page.getByRole('menuitem', { name: '在线' }).click()
  await expect(dialog.getByRole('radio', { name: /李工.*在线/ })).toBeEnabled()
})

test('what a role may not do is not offered, by click or by key', async ({ open, world }) => {
  const { first } = await twoDesks(world, open)
  const role = await world.admin.listRoles().then(({ list }) => list.find(({ code }) => code === 'agent'))
  expect(role?.permissions).toContain('session:transfer')
  await first.page.route('**/api/v1/user/info', async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as { data: { permissions: string[] } }
    const forbidden = ['session:transfer', 'session:close', 'session:note', 'customer:read', 'customer:write']
    body.data.permissions = body.data.permissions.filter((permission) => !forbidden.includes(permission))
    await route.fulfill({ response, json: body })
  })
  await first.page.reload()
  const conversation = first.conversation('张医生')
  await expect(conversation.getByRole('button', { name: '稍后处理' })).toBeVisible()
  await expect(conversation.getByRole('button', { name: '转接' })).toHaveCount(0)
  await expect(conversation.getByRole('button', { name: '结束' })).toHaveCount(0)
  await expect(conversation.getByRole('tab', { name: '备注' })).toBeHidden()
  await expect(first.page.getByRole('tab', { name: '客户', exact: true })).toHaveCount(0)
  for (const key of ['t', 'e', 'n']) await first.page.keyboard.press(key)
  await expect(first.page.getByRole('dialog')).toHaveCount(0)
  await expect(first.page.getByRole('textbox', { name: '内部备注' })).toHaveCount(0)
})
