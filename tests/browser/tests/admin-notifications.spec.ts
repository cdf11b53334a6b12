// Notifications: they come by themselves, say what is to be done, and lead there.
import type { Page, Route } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { DESK, expect, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

/** A supervisor at the notifications. */
async function supervisor(page: Page, world: World): Promise<Page> {
  const desk = new Desk(page, world.origin, await world.person('supervisor', '周主管'))
  await desk.login()
  await page.goto(`${world.origin}/console/admin/notifications`)
  return page
}

test('what is to be reviewed comes by itself and leads to its record; the outcome comes back', async ({
  open,
  world,
}) => {
  const agent = await world.person('agent', '王工')
  await world.admin.updateSettingsPatch({ archiveReview: true })
  const page = await supervisor(await open(DESK), world)
  const main = page.getByRole('main')
  await expect(main.getByText('会话分配、转接、归档审核和提醒会出现在这里。')).toBeVisible()

  const archive = async (name: string) => {
    const { phone } = await world.waiting(name, '你好')
    const [customer] = (await world.admin.listCustomers({ keyword: phone })).list
    await agent.kefu.archiveCustomer({ id: customer?.id ?? '', comment: '资料齐全' })
  }
  await archive('高老师')
  const first = main.getByRole('link', { name: '王工 提交了 高老师 的档案，请审核' })
  await expect(first).toBeVisible()
  await expect(page.getByRole('button', { name: '通知，1 条未读' })).toBeVisible()
  await archive('马医生')
  await expect(main.getByRole('row').filter({ hasText: '的档案，请审核' })).toHaveCount(2)
  await expect(page.getByRole('button', { name: '通知，2 条未读' })).toBeVisible()

  await first.click()
  await expect(page).toHaveURL(/archive-review/)
  const record = page.getByRole('complementary')
  await expect(record).toContainText('高老师')
  await record.getByLabel('审核意见').fill('请补充地区')
  await record.getByRole('button', { name: '退回' }).click()
  await expect
    .poll(async () => (await agent.kefu.listNotifications({})).list[0]?.title)
    .toContain('退回了 高老师 的归档')
  expect((await agent.kefu.listNotifications({})).list[0]?.body).toBe('请补充地区')

  await page.goto(`${world.origin}/console/admin/notifications`)
  await main.getByRole('button', { name: '全部标为已读' }).click()
  await expect(page.getByRole('button', { name: '通知，0 条未读' })).toBeVisible()
  await expect(main.locator('.unread')).toHaveCount(0)
  await world.admin.updateSettingsPatch({ archiveReview: false })
})

test('no error is lost, however many there are', async ({ open, world }) => {
  const page = await supervisor(await open(DESK), world)
  const { kefu, sessionId } = await world.waiting('马医生', '在吗')
  await kefu.leaveMessage({ id: sessionId, content: '请回电' })
  await expect(page.getByRole('button', { name: '通知，1 条未读' })).toBeVisible()
  let calls = 0
  await page.route('**/api/v1/notifications/read', (route: Route) => {
    const body = { code: 409, reason: 'IN_USE', message: `第 ${++calls} 个原因`, data: null }
    return route.fulfill({ status: 409, json: body })
  })
  const markAll = page.getByRole('main').getByRole('button', { name: '全部标为已读' })
  for (let count = 1; count <= 5; count++) {
    await markAll.click()
    await expect(page.getByText(`第 ${count} 个原因`)).toBeVisible()
  }
  await expect(page.getByText(/第 \d 个原因/)).toHaveCount(5)
})
