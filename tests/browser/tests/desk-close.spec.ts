import { Desk } from '../support/agent.ts'
import { DESK, expect, test } from '../support/test.ts'
import type { World } from '../support/world.ts'
import type { Page } from '@playwright/test'

async function serving(world: World, page: Page) {
  const desk = new Desk(page, world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  const customer = await world.waiting('张医生', '接种页面打不开\n昨天还好的')
  await desk.open('张医生')
  await desk.say('张医生', '清一下缓存就好')
  return { desk, customer }
}

test('closing is prefilled, says what will happen, and offers the archive for a temporary customer', async ({
  open,
  world,
}) => {
  const { desk, customer } = await serving(world, await open(DESK))
  const { page } = desk
  await desk.conversation('张医生').getByRole('button', { name: '结束', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: '结束 张医生 的会话' })
  await expect(dialog.getByLabel('一句话小结')).toHaveValue('接种页面打不开')
  await expect(dialog.getByText('结束后不能恢复')).toBeVisible()
  await dialog.getByRole('button', { name: '取消' }).click()
  await expect(dialog).toHaveCount(0)
  await page.keyboard.press('e')
  await expect(dialog.getByLabel('一句话小结')).toHaveValue('接种页面打不开')
  await dialog.getByLabel('一句话小结').fill('清理缓存后恢复')
  await dialog.getByRole('button', { name: '结束会话' }).click()

  const archive = page.getByRole('dialog', { name: '归档客户资料' })
  await expect(archive.getByLabel('姓名')).toHaveValue('张医生')
  await expect(archive.getByLabel('手机号')).toHaveValue(customer.phone)
  await archive.getByLabel('机构', { exact: true }).fill('')
  await archive.getByRole('button', { name: '保存并归档' }).click()
  await expect(archive.getByRole('alert').last()).not.toBeEmpty()
  await archive.getByLabel('机构', { exact: true }).fill('朝阳区疾控中心')
  await archive.getByLabel('部门').fill('免疫规划科')
  await archive.getByText('女', { exact: true }).click()
  await archive.getByRole('button', { name: '保存并归档' }).click()
  await expect(page.getByText('已归档为正式客户')).toBeVisible()
  await expect(archive).toHaveCount(0)
  const session = await world.admin.getSession({ id: customer.sessionId })
  expect(session).toMatchObject({ status: 'CLOSED', summary: '清理缓存后恢复', archiveDue: false })
  const record = await world.admin.getCustomer({ id: session.customerId })
  expect(record).toMatchObject({ archiveStatus: 'FORMAL', department: '免疫规划科', gender: 'FEMALE' })
})

test('the archive can wait', async ({ open, world }) => {
  const { desk, customer } = await serving(world, await open(DESK))
  await desk.page.keyboard.press('Escape')
  await desk.page.keyboard.press('e')
  await desk.page.getByRole('dialog').getByRole('button', { name: '结束会话' }).click()
  const archive = desk.page.getByRole('dialog', { name: '归档客户资料' })
  await archive.getByRole('button', { name: '以后再说' }).click()
  await expect(archive).toHaveCount(0)
  const { customerId } = await world.admin.getSession({ id: customer.sessionId })
  expect((await world.admin.getCustomer({ id: customerId })).archiveStatus).toBe('PENDING')
})

test('a customer is completed in the panel while one talks', async ({ open, world }) => {
  const { desk } = await serving(world, await open(DESK))
  const panel = desk.page.getByRole('complementary', { name: '客户信息' })
  await panel.getByRole('button', { name: '编辑资料' }).click()
  await panel.getByLabel('手机号').fill('12')
  await panel.getByRole('button', { name: '保存' }).click()
  await expect(panel.getByRole('alert').last()).not.toBeEmpty()
  await panel.getByLabel('手机号').fill('13800000001')
  await panel.getByLabel('职位').fill('主任')
  await panel.getByLabel('备注').fill('只在上午方便接电话')
  await panel.getByText('VIP 客户').click()
  await panel.getByRole('button', { name: '保存' }).click()
  await expect(desk.page.getByText('客户资料已保存')).toBeVisible()
  await expect(panel.getByText('主任')).toBeVisible()
  await expect(panel.getByText('只在上午方便接电话')).toBeVisible()
  await desk.page.reload()
  await expect(panel.getByText('只在上午方便接电话')).toBeVisible()
})
