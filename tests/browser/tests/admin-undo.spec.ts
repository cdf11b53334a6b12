// What was deleted by mistake comes back, by keys alone.
import type { Locator, Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { violations } from '../support/look.ts'
import { DESK, expect, test } from '../support/test.ts'
import { newPhone, type World } from '../support/world.ts'

type Open = Parameters<Parameters<typeof test>[2]>[0]['open']

const mark = () => Math.random().toString(36).slice(2, 8)

/** The administrator on a page. */
async function pageOf(open: Open, world: World, path: string): Promise<Page> {
  const desk = new Desk(await open(DESK), world.origin, await world.person('administrator', '管理员'))
  await desk.login()
  await desk.page.goto(`${world.origin}/console/admin/${path}`)
  return desk.page
}

/** Deletes what stands in the details, by keys; gives the notice, whose button has the focus. */
async function remove(page: Page, action: string, done: string): Promise<Locator> {
  await page.getByRole('complementary').getByRole('button', { name: action }).press('Enter')
  const question = page.getByRole('dialog')
  await expect(question).toContainText('马上撤销')
  await question.getByRole('button', { name: action }).press('Enter')
  const notice = page.getByRole('alert').filter({ hasText: done })
  await expect(notice.getByRole('button', { name: '撤销' })).toBeFocused()
  return notice
}

test('a team comes back, unless its name is taken', async ({ open, world }) => {
  const name = `误删 ${mark()}`
  const { id } = await world.admin.createTeam({ name })
  const page = await pageOf(open, world, `teams?open=${id}`)
  await page.getByRole('tab', { name: '资料' }).click()
  const notice = await remove(page, '删除团队', `已删除团队“${name}”`)
  await expect(page.getByRole('button', { name })).toHaveCount(0)
  expect(await violations(page)).toEqual([])

  const other = await world.admin.createTeam({ name })
  await page.keyboard.press('Enter')
  await expect(notice.locator('.failure')).toHaveText(/\S/)
  await world.admin.deleteTeam({ id: other.id })
  await expect(notice.getByRole('button', { name: '撤销' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByText(`已恢复团队“${name}”`)).toBeVisible()
  await expect(notice).toHaveCount(0)
  await expect(page.getByRole('main')).toBeFocused()
  await expect(page.getByRole('button', { name })).toBeVisible()
  expect((await world.admin.getTeam({ id })).name).toBe(name)
})

test('a quick reply comes back', async ({ open, world }) => {
  const title = `问候 ${mark()}`
  const { id } = await world.admin.createQuickReply({ title, content: '您好', shared: true })
  const page = await pageOf(open, world, `quick-replies?open=${id}`)
  await remove(page, '删除快捷回复', `已删除快捷回复“${title}”`)
  await expect(page.getByRole('button', { name: title })).toHaveCount(0)
  await page.keyboard.press('Enter')
  await expect(page.getByText(`已恢复快捷回复“${title}”`)).toBeVisible()
  await expect(page.getByRole('button', { name: title })).toBeVisible()
})

test('a user, a customer and a role come back', async ({ open, world }) => {
  const { admin } = world
  const named = (what: string) => `${what} ${mark()}`
  const user = await admin.createUser({
    username: `gone-${mark()}`,
    name: named('误删员工'),
    password: mark() + mark(),
  })
  const customer = await admin.createCustomer({ name: named('误删客户'), phone: newPhone() })
  const role = await admin.createRole({ name: named('误删角色'), permissions: ['session:read'] })
  const page = await pageOf(open, world, 'users')
  for (const [path, what, { id, name }] of [
    ['users', '用户', user],
    ['customers', '客户', customer],
    ['roles', '角色', role],
  ] as const) {
    await page.goto(`${world.origin}/console/admin/${path}?open=${id}`)
    await remove(page, `删除${what}`, `已删除${what}“${name}”`)
    const row = page.getByRole('row').filter({ hasText: name })
    await expect(row).toHaveCount(0)
    await page.keyboard.press('Enter')
    await expect(page.getByText(`已恢复${what}“${name}”`)).toBeVisible()
    await expect(row).toBeVisible()
  }
  expect((await admin.getUser({ id: user.id })).status).toBe('ENABLED')
  expect((await admin.getCustomer({ id: customer.id })).phone).toBe(customer.phone)
  expect((await admin.getRole({ id: role.id })).permissions).toEqual(['session:read'])
})

test('links that were revoked together come back together', async ({ open, world }) => {
  const label = `海报 ${mark()}`
  await world.admin.createRegisterLinks({ teamId: world.team.id, label, count: 2 })
  const page = await pageOf(open, world, `links?team=${world.team.id}`)
  const rows = page.getByRole('row').filter({ hasText: label })
  await expect(rows).toHaveCount(2)
  for (const row of await rows.all()) await row.locator('.el-checkbox').click()
  await page.getByRole('region', { name: '批量操作' }).getByRole('button', { name: '作废' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '作废' }).click()
  await expect(rows.filter({ hasText: '已作废' })).toHaveCount(2)
  await page.getByRole('alert').filter({ hasText: '已作废 2 个链接' }).getByRole('button', { name: '撤销' }).click()
  await expect(page.getByText('已恢复 2 个链接')).toBeVisible()
  await expect(rows.filter({ hasText: '已作废' })).toHaveCount(0)
})
