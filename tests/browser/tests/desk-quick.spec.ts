import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { picture, textFile } from '../support/files.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'

test('a quick reply brings its files, which follow the text', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  const { kefu } = desk.person
  const papers = [textFile('安装说明.txt', '第一步'), textFile('旧版.txt', '旧'), await picture(desk.page, '截图.png')]
  const fileIds: string[] = []
  for (const { name, mimeType, buffer } of papers) {
    const file = new Blob([new Uint8Array(buffer)], { type: mimeType })
    fileIds.push((await kefu.uploadFile({ file, name })).id)
  }
  await kefu.createQuickReply({ title: '安装打印机', content: '{{customer}}您好，请看附件', fileIds })
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '打印机怎么装')
  await desk.open('张医生')
  const { keyboard } = desk.page
  const attached = desk.conversation('张医生').getByRole('list', { name: '随回复发送的文件' })

  await desk.reply('张医生').pressSequentially('/azdyj')
  const option = desk.page.getByRole('option', { name: /安装打印机/ })
  await expect(option).toBeVisible()
  await expect(desk.page.getByRole('listitem').filter({ hasText: '安装说明.txt' })).toBeVisible()
  await keyboard.press('Enter')
  await expect(desk.reply('张医生')).toHaveValue('张医生您好，请看附件')
  await expect(attached.getByRole('listitem')).toHaveText([/安装说明\.txt/, /旧版\.txt/, /截图\.png/])
  await attached.getByRole('button', { name: '不发送 旧版.txt' }).click()
  await expect(desk.reply('张医生')).toBeFocused()
  await expect(attached.getByRole('listitem')).toHaveCount(2)

  // They wait as the text does: for a reload, and while a note is written.
  await desk.page.waitForTimeout(600) // A draft is kept half a second after the last key.
  await desk.page.reload()
  await expect(attached.getByRole('listitem')).toHaveCount(2)
  await desk.conversation('张医生').getByRole('tab', { name: '备注' }).click()
  await expect(attached).toHaveCount(0)
  await desk.conversation('张医生').getByRole('tab', { name: '回复' }).click()
  await keyboard.press('Enter')

  await customer.hears('张医生您好，请看附件')
  await expect(customer.messages.getByRole('button', { name: /安装说明\.txt/ })).toBeVisible()
  await expect(customer.messages.getByRole('button', { name: '查看图片 截图.png' })).toBeVisible()
  await expect(attached).toHaveCount(0)
  const sessionId = new URL(desk.page.url()).pathname.split('/').at(-1) ?? ''
  const { list } = await kefu.listMessages({ id: sessionId, fromStart: true })
  const said = list.filter(({ sender }) => sender?.kind === 'USER').map((m) => [m.contentType, m.content, m.file?.name])
  expect(said).toEqual([
    ['TEXT', '张医生您好，请看附件', undefined],
    ['FILE', '', '安装说明.txt'],
    ['IMAGE', '', '截图.png'],
  ])
})

test('files go without a text too, and come back when they are taken back', async ({ open, world }) => {
  const desk = new Desk(await open(PHONE), world.origin, await world.person('agent', '王工'))
  await desk.login(undefined, 60)
  await desk.goOnline()
  const { kefu } = desk.person
  const name = '一份名字很长很长很长很长很长很长很长很长很长的接种记录导出说明.txt'
  const { id } = await kefu.uploadFile({ file: new Blob(['一'], { type: 'text/plain' }), name })
  await kefu.createQuickReply({ title: '导出说明', content: '请看附件', fileIds: [id] })
  const { sessionId } = await world.waiting('李强', '怎么导出')
  await desk.open('李强')

  await desk.reply('李强').pressSequentially('/')
  await desk.page.getByRole('option', { name: /导出说明/ }).click()
  const attached = desk.conversation('李强').getByRole('list', { name: '随回复发送的文件' })
  await expect(attached.getByRole('listitem')).toBeVisible()
  const out = await attached.getByRole('button').boundingBox()
  expect((out?.x ?? 360) + (out?.width ?? 0)).toBeLessThanOrEqual(360)
  await desk.reply('李强').fill('')
  await desk.conversation('李强').getByRole('button', { name: '发送', exact: true }).click()
  await expect(attached).toHaveCount(0)
  await desk.conversation('李强').getByRole('button', { name: '撤销' }).click()
  await expect(attached.getByRole('listitem')).toHaveCount(1)
  await desk.conversation('李强').getByRole('button', { name: '发送', exact: true }).click()
  await desk.conversation('李强').getByRole('button', { name: '立即发送' }).click()
  await expect(desk.messages.getByRole('button', { name: /接种记录导出说明/ })).toBeVisible()
  const { list } = await kefu.listMessages({ id: sessionId, fromStart: true })
  expect(list.filter(({ sender }) => sender?.kind === 'USER').map(({ file }) => file?.name)).toEqual([name])
})
