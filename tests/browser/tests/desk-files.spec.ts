import { readFile } from 'node:fs/promises'

import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { drop, paste, picture, textFile } from '../support/files.ts'
import { Network } from '../support/network.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'
import type { World } from '../support/world.ts'
import type { Page, Route } from '@playwright/test'

async function atDesk(world: World, page: Page): Promise<Desk> {
  const desk = new Desk(page, world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  return desk
}

test('files are chosen, dropped and pasted, and reach the customer in their order', async ({ open, world }) => {
  const desk = await atDesk(world, await open(DESK))
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '你好')
  await desk.open('张医生')
  const conversation = desk.conversation('张医生')

  const [choosing] = await Promise.all([
    desk.page.waitForEvent('filechooser'),
    conversation.getByRole('button', { name: '文件', exact: true }).click(),
  ])
  await choosing.setFiles([textFile('说明.txt', '第一步'), textFile('补充.txt', '第二步')])
  await expect(desk.messages.getByRole('button', { name: /说明\.txt/ })).toBeVisible()
  await expect(desk.messages.getByRole('button', { name: /补充\.txt/ })).toBeVisible()
  await drop(conversation, await picture(desk.page, '截图.png'))
  await expect(desk.messages.getByRole('button', { name: '查看图片 截图.png' })).toBeVisible()
  await desk.reply('张医生').fill('没写完的话')
  await paste(desk.reply('张医生'), await picture(desk.page, '粘贴.png'))
  await expect(desk.messages.getByRole('button', { name: '查看图片 粘贴.png' })).toBeVisible()
  await expect(desk.reply('张医生')).toHaveValue('没写完的话')

  const { list } = await desk.person.kefu.listMessages({ id: sessionOf(desk), fromStart: true })
  const files = list.flatMap(({ file }) => (file ? [file.name] : []))
  expect(files).toEqual(['说明.txt', '补充.txt', '截图.png', '粘贴.png'])
  for (const name of [/说明\.txt/, /补充\.txt/]) {
    await expect(customer.messages.getByRole('button', { name })).toBeVisible()
  }
  await expect(customer.messages.getByRole('button', { name: '查看图片 粘贴.png' })).toBeVisible()
  await expect(desk.row('张医生')).toContainText('[图片]')
})

test('files are looked at and saved', async ({ open, world }) => {
  const desk = await atDesk(world, await open(DESK))
  const { kefu, sessionId } = await world.waiting('张医生', '你好')
  await desk.open('张医生')
  const image = await picture(desk.page, '报错.png')
  for (const { name, mimeType, buffer } of [image, textFile('日志.txt', '第 1 行：出错了')]) {
    const file = await kefu.uploadFile({
      file: new Blob([new Uint8Array(buffer)], { type: mimeType }),
      name,
      sessionId,
    })
    const contentType = mimeType.startsWith('image/') ? 'IMAGE' : 'FILE'
    await kefu.sendMessage({ id: sessionId, clientMsgId: `file-${file.id}`, content: '', contentType, fileId: file.id })
  }

  const look = desk.messages.getByRole('button', { name: '查看图片 报错.png' })
  await look.focus()
  await desk.page.keyboard.press('Enter')
  const viewer = desk.page.getByRole('dialog', { name: '报错.png' })
  await expect(viewer.getByRole('img', { name: '报错.png' })).toBeVisible()
  const [image_] = await Promise.all([
    desk.page.waitForEvent('download'),
    viewer.getByRole('button', { name: '下载' }).click(),
  ])
  expect(image_.suggestedFilename()).toBe('报错.png')
  // What went wrong is told before the picture, not behind it.
  const refuse = (route: Route) => route.fulfill({ status: 404, body: '' })
  await desk.page.route('**/api/**/files/**', refuse)
  await viewer.getByRole('button', { name: '下载' }).click()
  await desk.page.locator('.el-message--error .el-message__closeBtn').click()
  await desk.page.unroute('**/api/**/files/**', refuse)
  await desk.page.keyboard.press('Escape')
  await expect(viewer).toHaveCount(0)
  await expect(look).toBeFocused()

  const [saved] = await Promise.all([
    desk.page.waitForEvent('download'),
    desk.messages.getByRole('button', { name: /日志\.txt/ }).click(),
  ])
  expect(saved.suggestedFilename()).toBe('日志.txt')
  expect(await readFile(await saved.path(), 'utf8')).toBe('第 1 行：出错了')
})

test('a file never goes to the customer from the box of notes', async ({ open, world }) => {
  const desk = await atDesk(world, await open(DESK))
  const { sessionId } = await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await desk.conversation('张医生').getByRole('tab', { name: '备注' }).click()
  await drop(desk.conversation('张医生'), textFile('内部.txt', '内部'))
  await expect(desk.page.getByText('备注不能带文件')).toBeVisible()
  const { list } = await desk.person.kefu.listMessages({ id: sessionId })
  expect(list.filter(({ file }) => file)).toEqual([])
})

test('what makes no sense to send says why, and can be given up', async ({ open, world }) => {
  const desk = await atDesk(world, await open(DESK))
  await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await drop(desk.conversation('张医生'), textFile('空.txt', ''), textFile('好.txt', '内容'))
  await expect(desk.conversation('张医生').getByRole('alert').filter({ hasText: '这是空文件' })).toBeVisible()
  await expect(desk.messages.getByRole('button', { name: /好\.txt/ })).toBeVisible()
  await desk.conversation('张医生').getByRole('button', { name: '取消', exact: true }).click()
  await expect(desk.conversation('张医生').getByText('这是空文件')).toHaveCount(0)
})

test('uploads survive a reload, and become one message each', async ({ open, world }) => {
  const page = await open(DESK)
  const network = await Network.of(page)
  const desk = await atDesk(world, page)
  const { sessionId } = await world.waiting('张医生', '你好')
  await desk.open('张医生')
  // The line is dead while the files are given, and still dead when the page is loaded anew.
  await network.cut()
  await drop(desk.conversation('张医生'), textFile('一.txt', '一'), await picture(page, '二.png', 2400, 1800))
  await expect(desk.conversation('张医生').getByText('等待上传')).toHaveCount(2)
  await page.reload()
  await network.restore()

  await desk.open('张医生')
  await expect(desk.messages.getByRole('button', { name: /一\.txt/ })).toBeVisible()
  await expect(desk.messages.getByRole('button', { name: '查看图片 二.jpg' })).toBeVisible()
  await expect(desk.conversation('张医生').getByText('等待上传')).toHaveCount(0)
  await page.reload()
  await expect(desk.messages.getByRole('button', { name: /一\.txt/ })).toBeVisible()
  const { list } = await desk.person.kefu.listMessages({ id: sessionId, fromStart: true })
  expect(list.flatMap(({ file }) => (file ? [file.name] : []))).toEqual(['一.txt', '二.jpg'])
})

/** The session that the desk shows. */
function sessionOf(desk: Desk): string {
  return new URL(desk.page.url()).pathname.split('/').at(-1) ?? ''
}
