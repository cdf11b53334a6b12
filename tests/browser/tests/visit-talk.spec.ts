// The conversation on a phone: what is tapped, pressed, pasted, sent and taken back.
import type { CDPSession, Locator, Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { drop, paste, picture, textFile } from '../support/files.ts'
import { Network } from '../support/network.ts'
import { Serving } from '../support/serving.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

/** A customer on the phone with an agent who answers by calls. */
async function talking(page: Page, world: World) {
  const serving = await Serving.by(world, '王工', '张医生')
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link(), '你好')
  await serving.served()
  await customer.isServedBy('王工')
  return { customer, serving }
}

/** A finger that stays where it is. */
async function longPress(target: Locator): Promise<void> {
  const box = await target.boundingBox()
  const at = {
    clientX: (box?.x ?? 0) + 20,
    clientY: (box?.y ?? 0) + 12,
    pointerType: 'touch',
    pointerId: 1,
    bubbles: true,
  }
  await target.dispatchEvent('pointerdown', at)
  await expect(target.page().getByRole('dialog', { name: '对这条消息' })).toBeVisible()
  await target.dispatchEvent('pointerup', at)
}

test('addresses and numbers can be tapped', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  await serving.say('请看 https://example.com/help?a=1。或拨打010-12345678，手机 138 0013 8000')
  const link = customer.messages.getByRole('link', { name: 'https://example.com/help?a=1', exact: true })
  await expect(link).toHaveAttribute('target', '_blank')
  await expect(link).toHaveAttribute('rel', /noopener/)
  const tel = (name: string) => customer.messages.getByRole('link', { name })
  await expect(tel('010-12345678')).toHaveAttribute('href', 'tel:01012345678')
  await expect(tel('138 0013 8000')).toHaveAttribute('href', 'tel:13800138000')
})

test('a message is quoted by a long press, one’s own is recalled, and what is recalled is gone', async ({
  open,
  world,
}) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const { page } = customer
  await serving.say('请看 https://example.com/help 第 3 步')
  // Also where the finger rests on an address.
  await longPress(customer.messages.getByRole('link', { name: 'https://example.com/help' }))
  await page.getByRole('button', { name: '引用' }).click()
  await expect(page.getByText('回复王工')).toBeVisible()
  await customer.say('第 3 步没有这个按钮')
  const quoting = await serving.heard(({ content }) => content === '第 3 步没有这个按钮')
  expect(quoting.quoteMessageId).not.toBe('0')

  await longPress(customer.messages.getByText('第 3 步没有这个按钮', { exact: true }))
  await page.getByRole('button', { name: '撤回' }).click()
  await expect(customer.messages.getByText('你撤回了一条消息')).toBeVisible()
  await expect.poll(async () => (await serving.messages()).at(-1)?.recalled).toBe(true)

  await longPress(customer.messages.getByText('请看', { exact: false }).last())
  await expect(page.getByRole('button', { name: '撤回' })).toHaveCount(0)
})

test('typing is told both ways', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const desk = new Desk(await open(DESK), world.origin, serving.person)
  await desk.login()
  await desk.open('张医生')
  // A sign of typing is only heard while it happens: what is said to an open conversation comes by the connection.
  for (const content of ['请讲', '我在听']) {
    await serving.say(content)
    await customer.hears(content)
    await desk.hears(content)
  }

  await desk.reply('张医生').pressSequentially('请')
  await expect(customer.page.getByText('对方正在输入…')).toBeVisible()
  await customer.input.pressSequentially('我')
  await expect(desk.conversation('张医生').getByText('张医生 正在输入…')).toBeVisible()
  await expect(desk.row('张医生').getByText('正在输入…')).toBeVisible()
})

test('the input grows to five lines, and the keyboard covers nothing', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const { page, input } = customer
  for (let n = 1; n <= 12; n += 1) await serving.say(`第 ${n} 句`)
  await customer.hears('第 12 句')
  const height = async () => (await input.boundingBox())?.height ?? 0
  const one = await height()
  await input.fill('一\n二\n三')
  await expect.poll(height).toBeGreaterThan(one + 40)
  await input.fill('一\n二\n三\n四\n五')
  const five = await height()
  expect(await input.evaluate((box) => box.scrollHeight - box.clientHeight)).toBeLessThanOrEqual(1)
  await input.fill('一\n二\n三\n四\n五\n六\n七')
  expect(await height()).toBe(five)

  // iOS lays the keyboard over the page, and only `visualViewport` tells.
  await page.evaluate(() => {
    const view = window.visualViewport as VisualViewport
    Object.defineProperty(view, 'height', { configurable: true, value: innerHeight - 300 })
    view.dispatchEvent(new Event('resize'))
  })
  const bottom = async (locator: Locator) => {
    const box = await locator.boundingBox()
    return (box?.y ?? 0) + (box?.height ?? 0)
  }
  await expect.poll(() => bottom(input)).toBeLessThanOrEqual(740 - 300)
  await expect
    .poll(() => bottom(customer.messages.getByText('第 12 句', { exact: true })))
    .toBeLessThanOrEqual(440 - five)
  await page.evaluate(() => {
    const view = window.visualViewport as VisualViewport
    Object.defineProperty(view, 'height', { configurable: true, value: innerHeight })
    view.dispatchEvent(new Event('resize'))
  })
  await expect.poll(() => bottom(input)).toBeGreaterThan(700)
})

test('pictures come by button, camera, paste and drop, and large ones are made smaller', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const { page, input } = customer
  await page.getByRole('button', { name: '添加图片或文件' }).click()
  const [image, camera, file] = ['图片', '拍照', '文件'].map((name) => page.getByLabel(name, { exact: true }))
  await expect(image as Locator).not.toHaveAttribute('capture', /.*/)
  await expect(camera as Locator).toHaveAttribute('capture', 'environment')
  await expect(file as Locator).not.toHaveAttribute('accept', /.*/)

  await (camera as Locator).setInputFiles(await picture(page, '照片.png', 3000, 1200))
  const photo = await serving.heard((message) => message.file?.name === '照片.jpg')
  expect(photo.contentType).toBe('IMAGE')
  const content = await serving.person.kefu.downloadFile({ id: photo.file?.id ?? '' })
  const bytes = Buffer.from(await content.arrayBuffer()).toString('base64')
  const size = await page.evaluate(async (bytes) => {
    const image = new Image()
    image.src = `data:image/jpeg;base64,${bytes}`
    await image.decode()
    return [image.naturalWidth, image.naturalHeight]
  }, bytes)
  expect(size).toEqual([1600, 640])

  await paste(input, await picture(page, '粘贴.png'))
  await drop(page.locator('.talk'), textFile('日志.txt', '第一行'))
  await serving.heard((message) => message.file?.name === '粘贴.png')
  await serving.heard((message) => message.file?.name === '日志.txt')
  // The bubbles of their way up are gone.
  await expect(customer.messages.getByRole('progressbar')).toHaveCount(0)
})

test('a picture fills the screen, is enlarged by two fingers, and gives the focus back', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const { page } = customer
  const paper = await picture(page, '截图.png')
  const file = new File([new Uint8Array(paper.buffer)], paper.name, { type: paper.mimeType })
  const { id } = await serving.person.kefu.uploadFile({ file, name: paper.name, sessionId: serving.sessionId })
  let arrive = () => undefined as void
  const arriving = new Promise<void>((resolve) => (arrive = resolve))
  await page.route(`**/files/${id}**`, async (route) => {
    await arriving
    await route.continue()
  })
  await serving.person.kefu.sendMessage({ id: serving.sessionId, clientMsgId: 'p', contentType: 'IMAGE', fileId: id })
  const thumbnail = customer.messages.getByRole('button', { name: '查看图片 截图.png' })
  await thumbnail.click()
  const viewer = page.getByRole('dialog', { name: '图片 截图.png' })
  // On a slow line the tap counts too.
  await expect(viewer.getByRole('status')).toHaveText('正在打开…')
  arrive()
  const image = viewer.getByRole('img')
  const width = async () => (await image.boundingBox())?.width ?? 0
  await expect.poll(width).toBeGreaterThan(300)
  const before = await width()
  await pinch(await page.context().newCDPSession(page), 180, 300)
  await expect.poll(width).toBeGreaterThan(before * 1.8)
  await page.keyboard.press('Escape')
  await expect(viewer).toHaveCount(0)
  await expect(thumbnail).toBeFocused()
})

/** Two fingers that part. */
async function pinch(browser: CDPSession, x: number, y: number): Promise<void> {
  const fingers = (apart: number) => [
    { x: x - apart, y, id: 1 },
    { x: x + apart, y, id: 2 },
  ]
  await browser.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(30) })
  for (const apart of [45, 60, 75, 90]) {
    await browser.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(apart) })
  }
  await browser.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
}

test('what cannot be sent says at its bubble what to do', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const { page } = customer
  await page.getByRole('button', { name: '添加图片或文件' }).click()
  const input = page.getByLabel('文件', { exact: true })
  await input.setInputFiles({ name: '安装.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ\0\0') })
  const told = customer.messages.getByRole('alert')
  await expect(told).toContainText('这种文件发不了。可以发图片、PDF、Word')
  await page.getByRole('button', { name: '移除' }).click()
  await expect(told).toHaveCount(0)

  await page.getByRole('button', { name: '添加图片或文件' }).click()
  await input.setInputFiles({ name: '空.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) })
  await expect(told).toContainText('这是空文件，请换一个')
  await page.getByRole('button', { name: '移除' }).click()

  await page.getByRole('button', { name: '添加图片或文件' }).click()
  await page.evaluate(() => {
    const input = document.querySelector<HTMLInputElement>('input[type=file]:not([accept])') as HTMLInputElement
    const data = new DataTransfer()
    data.items.add(new File([new Uint8Array(50 * 1024 * 1024 + 1)], '录像.mp4', { type: 'video/mp4' }))
    input.files = data.files
    input.dispatchEvent(new Event('change', { bubbles: true }))
  })
  await expect(told).toContainText('文件太大，最大 50 MB。请压缩或分成几份再发')
  expect((await serving.messages()).map(({ content }) => content)).toEqual(['你好'])
})

test('a file on its way goes on after a reload, and arrives once', async ({ open, world }) => {
  const page = await open(PHONE)
  const network = await Network.of(page)
  const { customer, serving } = await talking(page, world)
  await network.cut()
  await page.getByRole('button', { name: '添加图片或文件' }).click()
  await page.getByLabel('图片', { exact: true }).setInputFiles(await picture(page, '现场.png'))
  await expect(customer.messages.getByRole('img', { name: '现场.png' })).toBeVisible()
  await expect(customer.strip).toContainText('网络不稳定，消息会在恢复后自动发送')
  await page.reload()
  await network.restore()
  await serving.heard(({ file }) => file?.name === '现场.png')
  await expect(customer.messages.getByRole('button', { name: '查看图片 现场.png' })).toBeVisible()
  expect((await serving.messages()).filter(({ file }) => file)).toHaveLength(1)
})
