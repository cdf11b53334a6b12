// The customers' page in each of its states, on phones and a tablet, light and dark, in both languages, and with very
// large type: for whoever looks at the pictures, and for the checks of accessibility.
import type { Page } from '@playwright/test'

import { Customer } from '../support/customer.ts'
import { picture, textFile } from '../support/files.ts'
import { inspect } from '../support/look.ts'
import { Network } from '../support/network.ts'
import { Serving } from '../support/serving.ts'
import { expect, PHONE, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

const SMALLEST = { width: 320, height: 568 }
const TABLET = { width: 768, height: 1024 }

/** Takes the pictures of a state: light on the smallest phone and on a tablet, dark on a common phone, which is the
    page's own size, and English on the smallest. */
async function look(page: Page, name: string, sizes = [SMALLEST, TABLET]): Promise<void> {
  await inspect(page, `visit-${name}`, ['light', 'dark'], sizes)
  await switchTo(page, 'English', 'en')
  await inspect(page, `visit-${name}-en`, ['light'], [SMALLEST])
  await switchTo(page, '中文', 'zh-CN')
}

/** Takes the pictures of a state for somebody who needs text twice as large. */
async function lookAtLarge(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'))
  await inspect(page, `visit-${name}-large`, ['light'], [SMALLEST])
  await page.evaluate(() => (document.documentElement.style.fontSize = ''))
}

/** Changes the language where the page has it: in its head, or behind "more". */
async function switchTo(page: Page, name: string, lang: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true })
  if (!(await button.isVisible())) await page.getByRole('button', { name: /^(更多|More)$/ }).click()
  await button.click()
  await expect(page.locator('html')).toHaveAttribute('lang', lang)
}

/** A customer who is being served. */
async function talking(page: Page, world: World) {
  const serving = await Serving.by(world, '王工', '张医生')
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link(), '慢病随访保存不了')
  await serving.served()
  await customer.isServedBy('王工')
  return { customer, serving }
}

test('before the queue: links, the form, a message left', async ({ open, world }) => {
  const page = await open(PHONE)
  await page.goto(`${world.origin}/chat/?link=nothing`)
  await expect(page.getByText('这个链接不能用了')).toBeVisible()
  await inspect(page, 'visit-link-invalid', ['light', 'dark'], [SMALLEST])

  await page.goto(await world.link())
  await page.locator('[type=submit]').click()
  await expect(page.getByText('请填写姓名')).toBeVisible()
  await look(page, 'form-errors', [SMALLEST])
  await page.reload()
  const customer = new Customer(page, world, '欧阳·阿卜杜热合曼')
  await expect(page.getByLabel('姓名')).toBeVisible()
  await inspect(page, 'visit-form', ['light', 'dark'], [SMALLEST, TABLET])
  await lookAtLarge(page, 'form')
  await customer.fill()
  await page
    .getByLabel('添加截图')
    .setInputFiles([await picture(page, '一.png'), await picture(page, '二.png', 200, 900)])
  await page.getByText('更多信息').click()
  await inspect(page, 'visit-form-filled', ['light', 'dark'], [TABLET])
  await page.getByRole('button', { name: '改为留言' }).click()
  await page.getByLabel('留言内容').fill('疫苗库存对不上，差 3 支')
  await page.getByRole('button', { name: '提交留言' }).click()
  await expect(page.getByRole('heading', { name: '已收到您的留言' })).toBeVisible()
  await customer.hears('疫苗库存对不上，差 3 支')
  await look(page, 'left', [SMALLEST])
})

test('the queue, and the conversation', async ({ open, world }) => {
  const page = await open(PHONE)
  await world.waiting('王芳', '先来的')
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link(), '登录后页面空白，清过缓存也不行。')
  await customer.hears('登录后页面空白，清过缓存也不行。')
  await look(page, 'queue')
  await lookAtLarge(page, 'queue')

  const serving = await (await Serving.by(world, '王工', '张医生')).served()
  await customer.isServedBy('王工')
  await serving.say('您好，请打开 https://example.com/help?from=kefu 按第 3 步操作，或拨打 010-12345678。')
  await customer.say('好的')
  await look(page, 'talk')
  await lookAtLarge(page, 'talk')
})

test('long texts, files, no network, and what failed', async ({ open, world }) => {
  const page = await open(PHONE)
  const network = await Network.of(page)
  const { customer, serving } = await talking(page, world)
  await serving.say('L'.repeat(180))
  await customer.say('一段很长的话。'.repeat(90))
  await customer.say('https://example.com/' + 'very-long-path/'.repeat(8))
  await page.getByRole('button', { name: '添加图片或文件' }).click()
  await inspect(page, 'visit-talk-add', ['light', 'dark'], [SMALLEST])
  const file = page.locator('.adds input').last()
  await file.setInputFiles([
    await picture(page, '横图.png', 900, 200),
    await picture(page, '竖图.png', 200, 900),
    textFile(`${'很长的文件名'.repeat(8)}.txt`, '内容'),
    textFile('空文件.txt', ''),
  ])
  await expect(customer.messages.getByRole('button', { name: '查看图片 竖图.png' })).toBeVisible()
  await look(page, 'talk-files')
  await serving.stays()
  await network.cut()
  await customer.say('断网时写的话')
  await expect(customer.strip).toContainText('网络不稳定')
  await look(page, 'offline', [SMALLEST])
  await serving.stays()
  await serving.close()
  await network.restore()
  await expect(customer.messages.getByRole('alert').filter({ hasText: '未发送' })).toBeVisible()
  await look(page, 'failed')
})

test('the end: the rating, and what was before', async ({ open, world }) => {
  const page = await open(PHONE)
  const { customer, serving } = await talking(page, world)
  await serving.say('已经为您处理，请刷新后再试。')
  await customer.say('可以了，谢谢')
  await serving.close()
  const end = page.getByRole('region', { name: '咨询已结束' })
  await expect(end).toBeVisible()
  await look(page, 'end')
  await end.getByText('2 星').check({ force: true })
  await expect(end.getByText('哪里需要改进')).toBeVisible()
  await look(page, 'rating', [SMALLEST])
  await end.getByRole('button', { name: '提交评价' }).click()
  await expect(end.getByText('感谢您的评价')).toBeVisible()
  await inspect(page, 'visit-rated', ['light', 'dark'], [SMALLEST])
  await page.getByRole('button', { name: '以前的咨询' }).click()
  await expect(page.getByRole('button', { name: /可以了，谢谢/ })).toBeVisible()
  await inspect(page, 'visit-history', ['light', 'dark'], [TABLET])
  await page.getByRole('button', { name: /可以了，谢谢/ }).click()
  await expect(page.getByText('这次咨询已结束，只能查看')).toBeVisible()
  await inspect(page, 'visit-history-one', ['light', 'dark'], [SMALLEST])
  await page.goto(page.url())
  await expect(page.getByRole('heading', { name: '欢迎回来' })).toBeVisible()
  await inspect(page, 'visit-returning', ['light', 'dark'], [SMALLEST])
})
