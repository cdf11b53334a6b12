import { Alarm } from '../support/alarm.ts'
import { Desk } from '../support/agent.ts'
import { DESK, expect, test } from '../support/test.ts'
import type { World } from '../support/world.ts'
import type { Page } from '@playwright/test'

const SESSION = [660, 880]
const MESSAGE = [740]

/** An agent who is online without having touched the page: the login is an old one. */
async function untouched(world: World, page: Page): Promise<Desk> {
  const desk = new Desk(page, world.origin, await world.person('agent', '王工'))
  await page.addInitScript((tokens) => {
    if (!localStorage.getItem('kefu.console')) localStorage.setItem('kefu.console', JSON.stringify(tokens))
  }, desk.person.kefu.tokens.read())
  await page.goto(`${world.origin}/console/workbench`)
  await expect(page.getByRole('region', { name: '会话列表' })).toBeVisible()
  await desk.person.kefu.setMyAgentStatus({ status: 'ONLINE' })
  await expect(page.getByRole('button', { name: /我的状态：\s*在线/ })).toBeVisible()
  return desk
}

/** Alerts that come close together are one; what is to be heard again has to come later. */
const laterThanAPause = (page: Page) => page.waitForTimeout(1600)

test('nothing plays before the first touch; the title tells all the same', async ({ open, world }) => {
  const page = await open(DESK)
  const alarm = await Alarm.of(page)
  const desk = await untouched(world, page)
  await world.waiting('张医生', '你好')
  await expect(desk.row('张医生')).toBeVisible()
  await expect(page).toHaveTitle(/^\(1\)/)
  await expect(page.getByRole('alert').filter({ hasText: '新会话：张医生' })).toBeVisible()
  expect(await alarm.calls()).toEqual([])

  await page.getByRole('button', { name: '开启提示音' }).click()
  await expect(page.getByRole('button', { name: '开启提示音' })).toHaveCount(0)
  const second = await world.waiting('李强', '在吗')
  await expect.poll(() => alarm.tones()).toEqual(SESSION)
  await expect(page).toHaveTitle(/^\(2\)/)

  await laterThanAPause(page)
  await second.kefu.sendMessage({ id: second.sessionId, clientMsgId: 'm-1', content: '还在吗' })
  await expect.poll(() => alarm.tones()).toEqual([...SESSION, ...MESSAGE])
  await desk.open('李强')
  await desk.say('李强', '在的')
  await expect(page).toHaveTitle(/^\(1\)/)
})

test('what one looks at makes no sound; what one does not, does', async ({ open, world }) => {
  const page = await open(DESK)
  const alarm = await Alarm.of(page)
  const desk = await untouched(world, page)
  const { kefu, sessionId } = await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await desk.hears('你好')
  await laterThanAPause(page)
  const before = await alarm.tones()
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'm-1', content: '看着的' })
  await desk.hears('看着的')
  expect(await alarm.tones()).toEqual(before)
  await alarm.look(true)
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'm-2', content: '没看着的' })
  await expect.poll(() => alarm.tones()).toEqual([...before, ...MESSAGE])
  // Another window is in front: what came is not read.
  await expect(desk.row('张医生').getByLabel('1 条未读')).toBeVisible()
  await alarm.look(false)
  await expect(desk.row('张医生').getByLabel(/条未读/)).toHaveCount(0)
})

test('of two tabs that hear the same, one plays', async ({ open, world }) => {
  const page = await open(DESK)
  const other = await page.context().newPage()
  const alarms = [await Alarm.of(page), await Alarm.of(other)] as const
  const desk = await untouched(world, page)
  await other.goto(`${world.origin}/console/workbench`)
  await expect(other.getByRole('region', { name: '会话列表' })).toBeVisible()
  for (const tab of [page, other]) await tab.getByRole('button', { name: '开启提示音' }).click()
  await world.waiting('张医生', '你好')
  for (const tab of [page, other]) {
    await expect(tab.getByRole('alert').filter({ hasText: '新会话：张医生' })).toBeVisible()
  }
  await expect(desk.row('张医生')).toBeVisible()
  await laterThanAPause(page)
  expect([...(await alarms[0].tones()), ...(await alarms[1].tones())]).toEqual(SESSION)
})

test('sounds, title and desktop notifications are switched on and off, each by itself', async ({ open, world }) => {
  const page = await open(DESK)
  const alarm = await Alarm.of(page)
  const desk = await untouched(world, page)
  await page.keyboard.press('Shift+Slash')
  const sheet = page.getByRole('dialog', { name: '快捷键与偏好' })
  await sheet.getByText('新会话提示音').click()
  await sheet.getByText('窗口标题显示待回复数').click()
  await sheet.getByText('桌面通知').click()
  await expect(sheet.getByRole('checkbox', { name: '桌面通知' })).toBeChecked()
  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)

  await alarm.look(true)
  const { kefu, sessionId } = await world.waiting('张医生', '系统打不开')
  await expect.poll(() => alarm.notifications()).toMatchObject([{ title: '新会话：张医生' }])
  expect(await alarm.tones()).toEqual([])
  await expect(page).not.toHaveTitle(/^\(/)
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'm-1', content: '急' })
  await expect.poll(() => alarm.notifications()).toMatchObject([{}, { title: '张医生', body: '急' }])
  await expect.poll(() => alarm.tones()).toEqual(MESSAGE)
  await alarm.follow()
  await expect(desk.conversation('张医生')).toBeVisible()
  // What it told of is seen now.
  await expect(page.getByRole('alert').filter({ hasText: '新会话：张医生' })).toHaveCount(0, { timeout: 2000 })

  await page.reload()
  await expect(desk.conversation('张医生')).toBeVisible()
  await page.keyboard.press('Shift+Slash')
  await expect(sheet.getByRole('checkbox', { name: '新会话提示音' })).not.toBeChecked()
  await sheet.getByText('新消息提示音').click()
  await sheet.getByText('桌面通知').click()
  await page.keyboard.press('Escape')
  await alarm.look(true)
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'm-2', content: '还急' })
  await desk.hears('还急')
  expect((await alarm.calls()).filter(({ kind }) => kind !== 'unlocked')).toEqual([])
})

test('several new sessions at once are one notice', async ({ open, world }) => {
  const page = await open(DESK)
  const alarm = await Alarm.of(page)
  const desk = new Desk(page, world.origin, await world.person('agent', '王工'))
  await desk.login()
  for (const name of ['张医生', '李强', '赵敏']) await world.waiting(name, '你好')
  await desk.goOnline()
  await expect(page.getByText('3 个新会话')).toBeVisible()
  await expect(page.getByRole('alert').filter({ hasText: '新会话：' })).toHaveCount(0)
  await expect.poll(() => alarm.tones()).toEqual(SESSION)
})
