// The queue: what a customer sees and hears while waiting, and what becomes of what is written meanwhile.
import type { Page } from '@playwright/test'

import { Customer } from '../support/customer.ts'
import { Serving } from '../support/serving.ts'
import { expect, PHONE, test } from '../support/test.ts'

/** What the page does to call somebody, written down by the device. */
interface Calls {
  vibrations: unknown[]
  tones: number
  notifications: string[]
}

/** A device that writes down how it calls its owner, and can be put away and taken up again. */
async function listenTo(page: Page): Promise<void> {
  await page.context().grantPermissions(['notifications'])
  await page.addInitScript(() => {
    const calls: Calls = { vibrations: [], tones: 0, notifications: [] }
    Object.assign(window, { calls })
    navigator.vibrate = (pattern) => calls.vibrations.push(pattern) > 0
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (when) {
      calls.tones += 1
      start.call(this, when)
    }
    ServiceWorkerRegistration.prototype.showNotification = async (title: string) => {
      calls.notifications.push(title)
    }
    let state: DocumentVisibilityState = 'visible'
    Object.defineProperty(document, 'visibilityState', { get: () => state })
    Object.assign(window, {
      turnTo(now: DocumentVisibilityState) {
        state = now
        document.dispatchEvent(new Event('visibilitychange'))
      },
    })
  })
}

const calls = (page: Page) => page.evaluate(() => (window as unknown as { calls: Calls }).calls)
const turnTo = (page: Page, state: DocumentVisibilityState) =>
  page.evaluate((state) => (window as unknown as { turnTo(state: string): void }).turnTo(state), state)

test('the turn is called by vibration, sound, title and notification', async ({ open, world }) => {
  const page = await open(PHONE)
  await listenTo(page)
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link(), '接种页面打不开')
  await expect(page).toHaveTitle(/^排队中 · /)
  await page.getByRole('button', { name: '轮到我时提醒我' }).click()
  await expect(page.getByText('轮到您时会提醒')).toBeVisible()
  await page.waitForFunction(() => navigator.serviceWorker.getRegistration('/chat/'))
  await turnTo(page, 'hidden')

  await (await Serving.by(world, '王工', '张医生')).served()
  await expect(page).toHaveTitle('(1) 轮到您了')
  await expect.poll(async () => (await calls(page)).notifications).toEqual(['王工正在为您服务'])
  const { vibrations, tones } = await calls(page)
  expect(vibrations).toHaveLength(1)
  expect(tones).toBe(2)
  await turnTo(page, 'visible')
  await expect(page).not.toHaveTitle(/轮到您了/)
})

test('who has allowed nothing is told by the title alone', async ({ open, world }) => {
  const page = await open(PHONE)
  await listenTo(page)
  await page.context().clearPermissions()
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link())
  await turnTo(page, 'hidden')
  await (await Serving.by(world, '王工', '张医生')).served()
  await expect(page).toHaveTitle('(1) 轮到您了')
  expect((await calls(page)).notifications).toEqual([])
})

test('what is written while waiting comes first, and what was begun is still there', async ({ open, world }) => {
  const customer = new Customer(await open(PHONE), world, '张医生')
  const { page, input } = customer
  const link = await world.link()
  await customer.register(link)
  await customer.say('医生工作站点保存没有反应')
  await input.fill('换了电脑也')
  // Away for a while, and back by the same link: the place and the words are kept.
  await page.goto('about:blank')
  await page.goto(link)
  await expect(page.getByRole('region', { name: '排队中' })).toContainText('下一位就是您')
  await expect(input).toHaveValue('换了电脑也')

  const serving = await (await Serving.by(world, '王工', '张医生')).served()
  await customer.isServedBy('王工')
  await expect(input).toHaveValue('换了电脑也')
  expect((await serving.messages())[0]?.content).toBe('医生工作站点保存没有反应')
})

test('a message is left instead of waiting, with what was being written', async ({ open, world }) => {
  const customer = new Customer(await open(PHONE), world, '张医生')
  const { page, input } = customer
  await customer.register(await world.link())
  await input.fill('疫苗库存对不上')
  await page.getByRole('button', { name: '改为留言' }).click()
  const sheet = page.getByRole('dialog', { name: '留言' })
  const content = sheet.getByLabel('留言内容')
  await expect(content).toHaveValue('疫苗库存对不上')
  await content.fill('疫苗库存对不上，差 3 支')
  await page.keyboard.press('Escape')
  await expect(input).toHaveValue('疫苗库存对不上，差 3 支')
  await page.getByRole('button', { name: '改为留言' }).click()
  await sheet.getByRole('button', { name: '提交留言' }).click()
  await expect(page.getByRole('heading', { name: '已收到您的留言' })).toBeVisible()
  await customer.hears('疫苗库存对不上，差 3 支')
  await expect(input).toHaveValue('')
})

test('the place is read out at most every half minute', async ({ open, world }) => {
  const ahead = [await world.waiting('王芳', '一'), await world.waiting('李强', '二')]
  const page = await open(PHONE)
  await page.clock.install()
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link())
  const queue = page.getByRole('region', { name: '排队中' })
  const voice = queue.getByRole('status')
  await expect(voice).toContainText('前面还有 2 位')
  for (const one of ahead) await one.kefu.closeSession({ id: one.sessionId })
  await expect(queue.locator('.place')).toContainText('下一位就是您')
  await expect(voice).toContainText('前面还有 2 位')
  await page.clock.fastForward(31_000)
  await expect(voice).toContainText('下一位就是您')
})
