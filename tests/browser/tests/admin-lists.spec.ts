// What all lists of administration share: columns, filters in the address, views, bulk actions, export; and details
// beside the list, which are not left with something unsaved.
import { readFile } from 'node:fs/promises'

import { Desk } from '../support/agent.ts'
import { Serving } from '../support/serving.ts'
import { DESK, expect, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

/** Three agents whose names nobody else has, and the administrator in front of the list of users. */
async function users(open: Parameters<Parameters<typeof test>[2]>[0]['open'], world: World) {
  const mark = Math.random().toString(36).slice(2, 8)
  for (const name of ['甲', '乙', '丙']) await world.newcomer('agent', `${name}${mark}`)
  const desk = new Desk(await open(DESK), world.origin, await world.person('administrator', '管理员'))
  await desk.login()
  await desk.page.goto(`${world.origin}/console/admin/users`)
  const search = desk.page.getByRole('searchbox', { name: /搜索姓名/ })
  await search.fill(mark)
  await search.press('Enter')
  const rows = desk.page.getByRole('row').filter({ hasText: mark })
  await expect(rows).toHaveCount(3)
  return { page: desk.page, rows, mark }
}

test('columns are chosen and kept', async ({ open, world }) => {
  const { page } = await users(open, world)
  const head = (name: string) => page.getByRole('columnheader', { name })
  await expect(head('电子邮箱')).toHaveCount(0)
  await page.getByRole('button', { name: '列', exact: true }).click()
  await page.getByRole('group', { name: '列' }).getByText('电子邮箱').click()
  await page.getByRole('group', { name: '列' }).getByText('手机号').click()
  await expect(page.getByRole('checkbox', { name: '姓名' })).toBeDisabled()
  await expect(head('电子邮箱')).toBeVisible()
  await expect(head('手机号')).toHaveCount(0)
  await page.reload()
  await expect(head('电子邮箱')).toBeVisible()
  await expect(head('手机号')).toHaveCount(0)
})

test('in a narrow window the section one is in and what saves stay in sight', async ({ open, world }) => {
  const { page } = await users(open, world)
  await page.setViewportSize({ width: 360, height: 740 })
  const section = (name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true })
  await expect(section('用户')).toBeInViewport({ ratio: 1 })
  await page.goto(`${world.origin}/console/admin/settings`)
  await expect(section('设置')).toBeInViewport({ ratio: 1 })
  await expect(page.getByRole('button', { name: '保存' })).toBeInViewport({ ratio: 1 })
})

test('filters stand in the address as chips, and a view brings them back', async ({ open, world }) => {
  const { page, rows, mark } = await users(open, world)
  await expect(page).toHaveURL(new RegExp(`keyword=${mark}`))
  await page.getByRole('button', { name: '筛选', exact: true }).click()
  await page.getByRole('group', { name: '筛选' }).locator('.el-select').first().click()
  await page.getByRole('option', { name: '已停用' }).click()
  await expect(page).toHaveURL(/status=DISABLED/)
  await expect(page.getByText('没有符合条件的内容')).toBeVisible()
  await page.reload()
  await expect(page.getByText('没有符合条件的内容')).toBeVisible()
  await page.getByRole('button', { name: /移除筛选：状态/ }).click()
  await expect(rows).toHaveCount(3)
  await expect(page).not.toHaveURL(/status=/)

  await page.getByRole('columnheader', { name: '姓名' }).getByRole('button').click()
  await expect(page).toHaveURL(/sort=name/)
  await page.getByRole('button', { name: '视图' }).click()
  await page.getByRole('menuitem', { name: '保存当前视图' }).click()
  const prompt = page.getByRole('dialog', { name: '保存当前视图' })
  await prompt.getByRole('button', { name: '保存' }).click()
  await expect(prompt.getByText('请填写名称')).toBeVisible()
  await prompt.getByRole('textbox').fill('我的三位')
  await prompt.getByRole('button', { name: '保存' }).click()
  await page.goto(`${world.origin}/console/admin/users`)
  await expect(page).not.toHaveURL(/keyword/)
  await page.getByRole('button', { name: '视图' }).click()
  await page.getByRole('menuitem', { name: '我的三位' }).click()
  await expect(page).toHaveURL(/keyword=.*sort=name|sort=name.*keyword=/)
  await expect(rows).toHaveCount(3)
  await page.goBack()
  await expect(page).not.toHaveURL(/keyword/)
  await page.getByRole('button', { name: '视图' }).click()
  await page.getByRole('button', { name: '删除视图“我的三位”' }).click()
  await expect(page.getByRole('menuitem', { name: '我的三位' })).toHaveCount(0)
})

test('many are changed at once, and exported as shown', async ({ open, world }) => {
  const { page, rows, mark } = await users(open, world)
  await page.locator('thead .el-checkbox').click()
  const bulk = page.getByRole('region', { name: '批量操作' })
  await expect(bulk).toContainText('已选 3 项')
  await bulk.getByRole('button', { name: '停用' }).click()
  const question = page.getByRole('dialog')
  await expect(question).toContainText(`甲${mark}`)
  await question.getByRole('button', { name: '停用' }).click()
  await expect(page.getByText('已停用 3 个用户')).toBeVisible()
  await expect(bulk).toHaveCount(0)
  for (const row of await rows.all()) await expect(row).toContainText('已停用')

  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: '导出' }).click()
  const file = await saved
  expect(file.suggestedFilename()).toMatch(/^users-\d{4}-\d\d-\d\d\.csv$/)
  await expect(page.getByText('已导出 3 行')).toBeVisible()
  const lines = (await readFile(await file.path(), 'utf8')).split('\r\n').slice(0, -1)
  expect(lines[0]).toBe('\uFEFF姓名,用户名,角色,状态,手机号,同时服务的会话上限,最近登录')
  expect(lines).toHaveLength(4)
  expect(lines.slice(1).every((line) => line.includes(mark) && line.includes('已停用'))).toBe(true)
})

test('details are not left with something unsaved unless one says so', async ({ open, world }) => {
  const { page, mark } = await users(open, world)
  const pane = (name: string) => page.getByRole('complementary', { name })
  await page.getByRole('button', { name: `甲${mark}` }).click()
  await pane(`甲${mark}`).getByLabel('姓名').fill(`甲${mark} 改`)
  await expect(pane(`甲${mark}`).getByText('有未保存的修改')).toBeVisible()
  await page.getByRole('button', { name: `乙${mark}` }).click()
  const question = page.getByRole('dialog').filter({ hasText: '修改还没有保存' })
  await question.getByRole('button', { name: '取消' }).click()
  await expect(pane(`甲${mark}`).getByLabel('姓名')).toHaveValue(`甲${mark} 改`)

  await page.getByRole('link', { name: '团队', exact: true }).click()
  await question.getByRole('button', { name: '取消' }).click()
  await expect(page).toHaveURL(/admin\/users/)
  let asked = false
  page.once('dialog', (dialog) => {
    asked = dialog.type() === 'beforeunload'
    void dialog.dismiss()
  })
  await page.close({ runBeforeUnload: true })
  await expect.poll(() => asked, 'asked before the window is closed').toBe(true)

  await page.getByRole('button', { name: `乙${mark}` }).click()
  await question.getByRole('button', { name: '放弃修改' }).click()
  await expect(pane(`乙${mark}`).getByLabel('姓名')).toHaveValue(`乙${mark}`)
})

test('notifications lead to their session, and are unread until they are marked', async ({ open, world }) => {
  const { sessionId } = await world.waiting('张医生', '你好')
  const { person } = await (await Serving.by(world, '李想', '张医生')).served()
  const desk = new Desk(await open(DESK), world.origin, person)
  const { page } = desk
  await desk.login()
  await page.goto(`${world.origin}/console/admin/notifications`)
  const news = page.getByRole('row').filter({ hasText: '新会话：张医生' })
  await expect(news).toContainText('会话分配')
  await expect(page.getByRole('button', { name: '通知，1 条未读' })).toBeVisible()
  await page.getByRole('button', { name: '筛选', exact: true }).click()
  await page.getByRole('group', { name: '筛选' }).getByText('只看未读').click()
  await expect(page).toHaveURL(/unread=true/)
  await expect(news).toBeVisible()

  await page.getByRole('button', { name: '全部标为已读' }).click()
  await expect(news).toHaveCount(0)
  await expect(page.getByText('没有符合条件的内容')).toBeVisible()
  await expect(page.getByRole('button', { name: '全部标为已读' })).toBeDisabled()
  await expect(page.getByRole('button', { name: '通知，0 条未读' })).toBeVisible()

  await page.getByRole('group', { name: '筛选' }).getByText('只看未读').click()
  await news.getByRole('link', { name: '新会话：张医生' }).click()
  await expect(page).toHaveURL(new RegExp(`/workbench/${sessionId}`))
})
