import type { Locator } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'

/** Enter as an input method sends it, in Chrome's way and in Safari's. */
async function composeEnter(input: Locator): Promise<void> {
  for (const init of [
    { key: 'Enter', code: 'Enter', isComposing: true, keyCode: 229 },
    { key: 'Enter', code: 'Enter', isComposing: false, keyCode: 229 },
    { key: 'Enter', code: 'Enter', isComposing: true, keyCode: 13 },
  ]) {
    await input.dispatchEvent('keydown', { ...init, bubbles: true, cancelable: true })
  }
}

test('Enter that chooses a word never sends, on either side', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '你好')
  await desk.open('张医生')

  for (const [input, text] of [
    [customer.input, 'kehu 客户'],
    [desk.reply('张医生'), 'kefu 客服'],
  ] as const) {
    await input.fill(text)
    await composeEnter(input)
    await expect(input).toHaveValue(text)
    await input.press('Shift+Enter')
    await expect(input).toHaveValue(`${text}\n`)
    await input.press('Enter')
    await expect(input).toHaveValue('')
    await customer.hears(text)
  }
})

test("a draft stays with its conversation, and A's text never gets to B", async ({ open, world }) => {
  const agent = await world.person('agent', '王工')
  const desk = new Desk(await open(DESK), world.origin, agent)
  await desk.login()
  await desk.goOnline()
  await world.waiting('赵敏', '报表导不出')
  await world.waiting('李强', '接种页面打不开')
  await desk.open('赵敏')
  await desk.reply('赵敏').pressSequentially('只给赵敏的话', { delay: 5 })
  await desk.row('李强').click()
  await expect(desk.reply('李强')).toHaveValue('')
  await desk.reply('李强').pressSequentially('只给李强的话', { delay: 5 })
  for (const name of ['赵敏', '李强', '赵敏', '李强']) await desk.row(name).click()
  await expect(desk.reply('李强')).toHaveValue('只给李强的话')
  await desk.row('赵敏').click()
  await expect(desk.reply('赵敏')).toHaveValue('只给赵敏的话')
  await expect(desk.row('李强')).toContainText('[草稿] 只给李强的话')

  await desk.page.waitForTimeout(600) // A draft is kept half a second after the last key.
  await desk.page.reload()
  await expect(desk.reply('赵敏')).toHaveValue('只给赵敏的话')
  await desk.reply('赵敏').press('Enter')
  await desk.hears('只给赵敏的话')
  await desk.row('李强').click()
  await expect(desk.conversation('李强')).not.toContainText('只给赵敏的话')
})

test('a message can be undone before it is sent, and recalled after', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login(undefined, 3)
  await desk.goOnline()
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '你好')
  await desk.open('张医生')
  await desk.reply('张医生').fill('写错了')
  await desk.reply('张医生').press('Enter')
  await desk.conversation('张医生').getByRole('button', { name: '撤销' }).click()
  await expect(desk.reply('张医生')).toHaveValue('写错了')

  await desk.reply('张医生').fill('要撤回的话')
  await desk.reply('张医生').press('Enter')
  await customer.hears('要撤回的话')
  const message = desk.messages.getByRole('article').filter({ hasText: '要撤回的话' })
  await message.hover()
  await message.getByRole('button', { name: '撤回' }).click()
  await expect(customer.messages).toContainText('对方撤回了一条消息')
  await expect(customer.messages).not.toContainText('要撤回的话')
  await expect(customer.messages).not.toContainText('写错了')
})

test('a private note is never seen by the customer', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  const phone = await open(PHONE)
  const heard: string[] = []
  phone.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(String(payload))))
  phone.on('response', async (response) => {
    if (response.url().includes('/api/')) heard.push(await response.text().catch(() => ''))
  })
  const customer = new Customer(phone, world, '张医生')
  await customer.register(await world.link(), '你好')
  await desk.open('张医生')
  await desk.conversation('张医生').getByRole('tab', { name: '备注' }).click()
  await desk.page.getByRole('textbox', { name: '内部备注' }).fill('客户脾气急-绝不外传')
  await desk.conversation('张医生').getByRole('button', { name: '保存备注' }).click()
  await expect(desk.conversation('张医生').getByText('王工 的内部备注（客户看不到）')).toBeVisible()
  await desk.conversation('张医生').getByRole('tab', { name: '回复' }).click()
  await desk.say('张医生', '马上处理')
  await customer.hears('马上处理')
  await customer.page.reload()
  await customer.hears('马上处理')
  expect(heard.filter((text) => text.includes('绝不外传'))).toEqual([])
  expect(heard.length).toBeGreaterThan(5)
})

test('a slash finds a quick reply by pinyin and fills in the names', async ({ open, world }) => {
  const agent = await world.person('agent', '王工')
  await agent.kefu.createQuickReply({ title: '清理缓存', content: '请按 Ctrl+F5 清理缓存', shortcut: 'hc' })
  const desk = new Desk(await open(DESK), world.origin, agent)
  await desk.login()
  await desk.goOnline()
  await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await desk.reply('张医生').pressSequentially('/qlhc')
  await expect(desk.page.getByRole('option', { name: '清理缓存' })).toBeVisible()
  await desk.reply('张医生').press('Enter')
  await expect(desk.reply('张医生')).toHaveValue('请按 Ctrl+F5 清理缓存')
})

test('a conversation opens at the first unread message, and new ones do not move what is read', async ({
  open,
  world,
}) => {
  const agent = await world.person('agent', '王工')
  const desk = new Desk(await open(DESK), world.origin, agent)
  await desk.login()
  await desk.goOnline()
  const { kefu, sessionId } = await world.waiting('张医生', '第 0 句')
  await desk.open('张医生')
  await desk.hears('第 0 句')
  const unread = desk.row('张医生').getByLabel(/条未读/)
  await expect(unread).toHaveCount(0)
  await desk.page.goto(`${world.origin}/console/admin/account`)
  for (let n = 1; n <= 40; n++) await kefu.sendMessage({ id: sessionId, clientMsgId: `c-${n}`, content: `第 ${n} 句` })

  await desk.page.goto(`${world.origin}/console/workbench/${sessionId}`)
  await expect(desk.messages.getByText('以下为新消息')).toBeInViewport()
  await expect(desk.messages.getByText('第 1 句', { exact: true })).toBeInViewport()
  await expect(desk.messages.getByText('第 40 句', { exact: true })).not.toBeInViewport()

  await kefu.sendMessage({ id: sessionId, clientMsgId: 'c-41', content: '第 41 句' })
  const pill = desk.page.getByRole('button', { name: /条新消息/ })
  await expect(pill).toBeVisible()
  await expect(desk.messages.getByText('第 1 句', { exact: true })).toBeInViewport()
  await pill.click()
  await expect(desk.messages.getByText('第 41 句', { exact: true })).toBeInViewport()

  await expect(unread).toHaveCount(0)
  await desk.page.reload()
  await expect(desk.messages.getByText('第 41 句', { exact: true })).toBeInViewport()
})
