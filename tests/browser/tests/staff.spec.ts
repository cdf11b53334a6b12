import { Desk } from '../support/agent.ts'
import { DESK, expect, test } from '../support/test.ts'
import { FIRST_PASSWORD, PASSWORD } from '../support/world.ts'

test("the first login asks for a password of one's own, and leads on", async ({ open, world }) => {
  const newcomer = await world.newcomer('agent', '新人')
  const desk = new Desk(await open(DESK), world.origin, newcomer)
  await desk.page.goto(`${world.origin}/console/admin/account`)
  await desk.page.getByLabel('用户名').fill(newcomer.username)
  await desk.page.getByLabel('密码', { exact: true }).fill('not the password')
  await desk.page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(desk.page.getByRole('alert')).not.toBeEmpty()
  await desk.page.getByLabel('密码', { exact: true }).fill(FIRST_PASSWORD)
  await desk.page.getByRole('button', { name: '登录', exact: true }).click()

  await expect(desk.page.getByRole('heading', { name: '修改密码' })).toBeVisible()
  await desk.page.goto(`${world.origin}/console/workbench`)
  await expect(desk.page.getByRole('heading', { name: '修改密码' })).toBeVisible()
  await desk.page.getByLabel('当前密码').fill(FIRST_PASSWORD)
  await desk.page.getByLabel('新密码', { exact: true }).fill(PASSWORD)
  await desk.page.getByLabel('再输入一次新密码').fill('something else')
  await desk.page.getByRole('button', { name: '修改密码并继续' }).click()
  await expect(desk.page.getByText('两次输入不一致')).toBeVisible()
  await desk.page.getByLabel('再输入一次新密码').fill(PASSWORD)
  await desk.page.getByRole('button', { name: '修改密码并继续' }).click()
  await expect(desk.page.getByRole('region', { name: '会话列表' })).toBeVisible()
})

test('the keyboard alone logs in, goes online and answers', async ({ open, world }) => {
  const agent = await world.person('agent', '王工')
  const page = await open(DESK)
  await page.goto(`${world.origin}/console/`)
  await expect(page.getByLabel('用户名')).toBeFocused()
  await page.keyboard.type(agent.username)
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('密码', { exact: true })).toBeFocused()
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: '会话列表' })).toBeVisible()
  await page.keyboard.press('s')
  await expect(page.getByRole('menuitem', { name: '在线' })).toBeVisible()
  // The menu gets the focus a moment after it is seen.
  await expect.poll(() => page.evaluate(() => !!document.activeElement?.closest('.el-dropdown__popper'))).toBe(true)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: /我的状态：\s*在线/ })).toBeVisible()
  const { kefu, sessionId } = await world.waiting('张医生', '怎么登录？')

  const desk = new Desk(page, world.origin, agent)
  await expect(desk.row('张医生')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  await expect(desk.conversation('张医生')).toBeVisible()
  await page.keyboard.press('r')
  await expect(desk.reply('张医生')).toBeFocused()
  await page.keyboard.type('用手机号登录')
  await page.keyboard.press('Enter')
  await expect(desk.messages.getByText('用手机号登录')).toBeVisible()
  await expect
    .poll(async () =>
      (await kefu.listMessages({ id: sessionId })).list.some(({ content }) => content === '用手机号登录'),
    )
    .toBe(true)

  await desk.reply('张医生').press('Escape')
  await page.keyboard.press('Shift+Slash')
  await expect(page.getByRole('dialog', { name: '快捷键与偏好' })).toBeVisible()
})

test('an agent sees no pages of administrators and supervisors, not even by their address', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login()
  const rail = desk.page.getByRole('navigation', { name: '主导航' })
  await expect(rail.getByRole('link', { name: '工作台' })).toBeVisible()
  await expect(rail.getByRole('link', { name: '监控看板' })).toHaveCount(0)
  for (const path of ['board', 'admin/users', 'admin/operation-log', 'admin/sent-messages']) {
    await desk.page.goto(`${world.origin}/console/${path}`)
    await expect(desk.page.getByText('没有权限'), path).toBeVisible()
  }
  await desk.page.goto(`${world.origin}/console/admin`)
  await expect(desk.page.getByRole('link', { name: '用户' })).toHaveCount(0)
})

test('a declined transfer comes back, and says why', async ({ open, world }) => {
  const [wang, li] = [await world.person('agent', '王工'), await world.person('agent', '李工')]
  const first = new Desk(await open(DESK), world.origin, wang)
  await first.login()
  await first.goOnline()
  await world.waiting('张医生', '你好')
  await first.open('张医生')
  const second = new Desk(await open(DESK), world.origin, li)
  await second.login()
  await second.goOnline()

  await first.conversation('张医生').getByRole('button', { name: '转接' }).click()
  const dialog = first.page.getByRole('dialog', { name: '转接 张医生 的会话' })
  await dialog.getByRole('radio', { name: '李工' }).check()
  await dialog.getByRole('button', { name: '发起转接' }).click()
  await expect(dialog.getByText('请填写转接原因')).toBeVisible()
  await dialog.getByLabel('转接原因').fill('请帮忙')
  await dialog.getByRole('button', { name: '发起转接' }).click()
  await expect(first.conversation('张医生').getByText('等待 李工 接受转接')).toBeVisible()

  const offer = second.page.getByRole('alert', { name: '转接请求' })
  await offer.getByRole('button', { name: '拒绝' }).click()
  await offer.getByLabel('拒绝原因').fill('手上已经满了')
  await offer.getByRole('button', { name: '确定拒绝' }).click()
  await expect(offer).toHaveCount(0)
  await expect(first.conversation('张医生').getByText('等待 李工 接受转接')).toHaveCount(0)
  await first.page.getByRole('tab', { name: '分配记录' }).click()
  await expect(first.page.getByText('手上已经满了').first()).toBeVisible()
  await first.say('张医生', '还是我来')
  await expect(second.row('张医生')).toHaveCount(0)
})

test("what is waiting for an agent is in the window's title", async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  await expect(desk.page).not.toHaveTitle(/\(\d+\)/)
  await world.waiting('张医生', '你好')
  await expect(desk.page).toHaveTitle(/1/)
})
