import type { Kefu } from '@kefu/sdk'
import type { Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { picture } from '../support/files.ts'
import { DESK, expect, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

async function atDesk(world: World, page: Page, undoSeconds = 0): Promise<Desk> {
  const desk = new Desk(page, world.origin, await world.person('agent', '王工'))
  await desk.login(undefined, undoSeconds)
  await desk.goOnline()
  return desk
}

/** Says so many sentences, `第 1 句` and on. */
async function talk(kefu: Kefu, sessionId: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++)
    await kefu.sendMessage({ id: sessionId, clientMsgId: `c-${n}`, content: `第 ${n} 句` })
}

/** Where a sentence stands in the window. */
const topOf = async (desk: Desk, text: string) =>
  (await desk.messages.getByText(text, { exact: true }).boundingBox())?.y ?? Number.NaN

test('what has been read opens at the very bottom, also when pictures come late', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await atDesk(world, page)
  const { kefu, sessionId } = await world.waiting('张医生', '第 0 句')
  await desk.open('张医生')
  await talk(kefu, sessionId, 1, 30)
  await desk.hears('第 30 句')
  const { name, mimeType, buffer } = await picture(page, '长图.png', 300, 1200)
  const blob = new Blob([new Uint8Array(buffer)], { type: mimeType })
  const file = await kefu.uploadFile({ file: blob, name, sessionId })
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'p-1', content: '', contentType: 'IMAGE', fileId: file.id })
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'p-2', content: '图之后' })
  await desk.hears('图之后')
  await expect(desk.row('张医生').getByLabel(/条未读/)).toHaveCount(0)

  // The picture comes a second late; the end is still the end.
  await page.route(`**/files/${file.id}**`, async (route) => {
    const response = await route.fetch()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await route.fulfill({ response })
  })
  await page.reload()
  await expect(desk.messages.getByText('图之后')).toBeInViewport({ ratio: 1 })
  await expect(desk.messages.getByRole('img', { name: '长图.png' })).toBeVisible()
  await expect(desk.messages.getByText('图之后')).toBeInViewport({ ratio: 1 })
  await expect(desk.page.getByRole('button', { name: '回到最新' })).toHaveCount(0)
})

test('older messages come in above without moving what is read', async ({ open, world }) => {
  const desk = await atDesk(world, await open(DESK))
  const { kefu, sessionId } = await world.waiting('张医生', '第 0 句')
  await talk(kefu, sessionId, 1, 150)
  await desk.open('张医生')
  await desk
    .conversation('张医生')
    .getByRole('button', { name: /新消息|回到最新/ })
    .click()
  await expect(desk.messages.getByText('第 150 句', { exact: true })).toBeInViewport()
  // Whoever leaves before that was told finds it unread.
  await expect.poll(async () => (await desk.person.kefu.getSession({ id: sessionId })).unread).toBe(0)
  await desk.page.reload()
  await expect(desk.messages.getByText('第 150 句', { exact: true })).toBeInViewport()
  await expect(desk.messages.getByText('第 100 句', { exact: true })).toHaveCount(0)

  const scroller = desk.conversation('张医生').getByLabel('消息', { exact: true })
  // So that what is read is seen before and after: the answer waits until that was measured.
  let answer = () => {}
  const measured = new Promise<void>((resolve) => (answer = resolve))
  await desk.page.route(/messages\?.*beforeSeq/, async (route) => {
    await measured
    await route.fallback()
  })
  await scroller.evaluate((element) => (element.scrollTop = 120))
  const text = await desk.messages
    .locator('article')
    .evaluateAll(
      (articles) =>
        articles.find((article) => article.getBoundingClientRect().top > 200)?.querySelector('.text')?.textContent ??
        '',
    )
  expect(text).toMatch(/^第 \d+ 句$/)
  const before = await topOf(desk, text)
  answer()
  await expect(desk.messages.getByText('第 100 句', { exact: true })).toHaveCount(1)
  await expect.poll(async () => Math.abs((await topOf(desk, text)) - before)).toBeLessThanOrEqual(2)

  for (let round = 0; round < 6; round++) await scroller.evaluate((element) => (element.scrollTop = 0))
  await expect(async () => {
    await scroller.evaluate((element) => (element.scrollTop = 0))
    await expect(desk.messages.getByText('第 0 句', { exact: true })).toHaveCount(1, { timeout: 1000 })
  }).toPass()
})

test("whoever switches fast sends A's words to A and B's to B", async ({ open, world }) => {
  const desk = await atDesk(world, await open(DESK), 3)
  const a = await world.waiting('张医生', '甲的问题')
  const b = await world.waiting('李强', '乙的问题')
  await desk.open('张医生')
  await desk.open('李强')
  await desk.page.mouse.move(900, 300)
  await desk.page.keyboard.press('Alt+1')
  for (const round of [1, 2, 3]) {
    for (const [tab, name] of [
      ['Alt+1', '张医生'],
      ['Alt+2', '李强'],
    ] as const) {
      await desk.page.keyboard.press(tab)
      await desk.page.keyboard.press('r')
      await desk.page.keyboard.type(`给${name}的第${round}句`)
      await desk.page.keyboard.press('Enter')
    }
  }
  const said = async (id: string) =>
    (await desk.person.kefu.listMessages({ id, fromStart: true })).list
      .filter(({ sender }) => sender?.kind === 'USER')
      .map(({ content }) => content)
  const all = (name: string) => [1, 2, 3].map((round) => `给${name}的第${round}句`)
  await expect.poll(() => said(a.sessionId)).toEqual(all('张医生'))
  await expect.poll(() => said(b.sessionId)).toEqual(all('李强'))
})

test('looking at a conversation is not answering it', async ({ open, world }) => {
  const desk = await atDesk(world, await open(DESK))
  const { kefu, sessionId } = await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await expect(desk.row('张医生').getByLabel(/条未读/)).toHaveCount(0)
  await expect(desk.row('张医生')).toContainText('客户等待回复')
  // The customer has gone: nobody's mark tells that it was answered.
  await desk.say('张医生', '您好')
  await expect(desk.row('张医生')).not.toContainText('客户等待回复')
  await expect(desk.row('张医生')).toContainText('您好')
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'c-1', content: '还有一个问题' })
  await expect(desk.row('张医生')).toContainText('客户等待回复')
  await expect(desk.row('张医生')).toContainText('还有一个问题')
})
