// The login and the desk in each of their states, at three widths, light and dark: for whoever looks at the pictures,
// and for the checks of accessibility. `looks.spec.ts` has the rest.
import type { Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { picture } from '../support/files.ts'
import { inspect } from '../support/look.ts'
import { Network } from '../support/network.ts'
import { DESK, expect, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

test.describe.configure({ timeout: 240_000 })

async function atDesk(world: World, page: Page): Promise<Desk> {
  const desk = new Desk(page, world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  return desk
}

test('the ways to log in', async ({ open, world }) => {
  const page = await open(DESK)
  await page.goto(`${world.origin}/console/login`)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByText('请填写此项').first()).toBeVisible()
  await inspect(page, 'login-missing')
  await page.getByRole('tab', { name: '验证码登录' }).click()
  await page.getByRole('button', { name: '使用租户代码' }).click()
  await inspect(page, 'login-phone')
  await page.getByRole('button', { name: '忘记密码？' }).click()
  await expect(page.getByRole('heading', { name: '重设密码' })).toBeVisible()
  await inspect(page, 'login-reset')
  await page.evaluate(() => localStorage.setItem('kefu.console.preferences', '{"language":"en"}'))
  await page.goto(`${world.origin}/console/login`)
  await page.getByRole('tab', { name: /code/i }).click()
  await inspect(page, 'en-login-phone', ['light'])
})

test('a desk with nothing on it, one thing, and what does not come', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await atDesk(world, page)
  await expect(page.getByText('没有进行中的会话')).toBeVisible()
  await inspect(page, 'desk-empty')
  const { sessionId } = await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await inspect(page, 'desk-one')

  await page.route('**/api/v1/sessions**', () => new Promise(() => undefined))
  await page.goto(`${world.origin}/console/workbench/${sessionId}`)
  await expect(page.getByText('正在加载…').first()).toBeAttached()
  await inspect(page, 'desk-loading')
  await page.unroute('**/api/v1/sessions**')
  await page.route('**/api/v1/sessions**', (route) => route.fulfill({ status: 500, body: '{}' }))
  await page.goto(`${world.origin}/console/workbench/${sessionId}`)
  await expect(page.getByRole('button', { name: '重试' }).first()).toBeVisible()
  await inspect(page, 'desk-failed')
  await page.unroute('**/api/v1/sessions**')
  await page.goto(`${world.origin}/console/workbench/999999`)
  await expect(page.getByRole('alert').first()).toBeVisible()
  await inspect(page, 'desk-unknown')
  await page.goto(`${world.origin}/console/board`)
  await expect(page.getByText('没有权限')).toBeVisible()
  await inspect(page, 'desk-forbidden', ['light'])
})

test('a desk without a network', async ({ open, world }) => {
  const page = await open(DESK)
  const network = await Network.of(page)
  const desk = await atDesk(world, page)
  await world.waiting('张医生', '你好')
  await desk.open('张医生')
  await network.cut()
  await desk.say('张医生', '断网时写的话')
  await expect(page.getByText('网络已断开')).toBeVisible()
  await inspect(page, 'desk-offline')
})

test('very long names and texts, many sessions', async ({ open, world }) => {
  const page = await open(DESK)
  const long = await world.person('agent', '欧阳·阿卜杜热合曼·买买提江（夜班客服）', 12)
  const desk = new Desk(page, world.origin, long)
  await desk.login()
  await desk.goOnline()
  const name = '阿依古丽·麦麦提敏·图尔荪江'
  const first = await world.waiting(name, '很长的问题。'.repeat(120))
  for (let n = 1; n <= 10; n++)
    await world.waiting(`客户${String(n).padStart(2, '0')}`, `第 ${n} 个问题：打印不了接种证，提示“打印机未就绪”`)
  await desk.open(name)
  await desk.say(name, 'https://example.com/' + 'very-long-path/'.repeat(20))
  await desk.say(name, 'W'.repeat(300))
  const { buffer, mimeType } = await picture(page, '图.png', 1600, 300)
  const files = [
    { file: new Blob([new Uint8Array(buffer)], { type: mimeType }), name: '全景.png', contentType: 'IMAGE' as const },
    {
      file: new Blob(['x'], { type: 'text/plain' }),
      name: `${'很长的文件名'.repeat(12)}.txt`,
      contentType: 'FILE' as const,
    },
  ]
  for (const { contentType, ...file } of files) {
    const { id } = await first.kefu.uploadFile({ ...file, sessionId: first.sessionId })
    await first.kefu.sendMessage({ id: first.sessionId, clientMsgId: `f-${id}`, content: '', contentType, fileId: id })
  }
  await expect(desk.messages.getByRole('img', { name: '全景.png' })).toBeVisible()
  for (const other of ['客户01', '客户02', '客户03', '客户04', '客户05', '客户06', '客户07']) await desk.open(other)
  await desk.open(name)
  await desk.conversation(name).getByRole('tab', { name: '备注' }).click()
  await page.getByRole('textbox', { name: '内部备注' }).fill('备注很长。'.repeat(40))
  await inspect(page, 'desk-long')
  await page.getByRole('button', { name: '结束', exact: true }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await inspect(page, 'desk-close-dialog')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.getByRole('button', { name: '转接' }).click()
  await expect(page.getByRole('dialog').getByText('由系统选择')).toBeVisible()
  await inspect(page, 'desk-transfer-dialog')
})

test('what opens over the desk, and English', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await atDesk(world, page)
  await world.admin.createQuickReply({ title: '清理缓存', content: '{{customer}}您好，请按 Ctrl+F5。', shared: true })
  const { kefu, sessionId } = await world.waiting('张医生', '页面空白')
  await desk.open('张医生')
  await page.keyboard.press('/')
  await expect(page.getByRole('option', { name: '清理缓存' })).toBeVisible()
  await inspect(page, 'desk-quick')
  await page.keyboard.press('Escape')
  await expect(desk.reply('张医生')).toHaveValue('')

  const { buffer, mimeType } = await picture(page, '图.png')
  const file = new Blob([new Uint8Array(buffer)], { type: mimeType })
  const { id } = await kefu.uploadFile({ file, name: '报错.png', sessionId })
  await kefu.sendMessage({ id: sessionId, clientMsgId: 'p-1', content: '', contentType: 'IMAGE', fileId: id })
  await desk.messages.getByRole('button', { name: '查看图片 报错.png' }).click()
  await expect(page.getByRole('dialog', { name: '报错.png' })).toBeVisible()
  await inspect(page, 'desk-image')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Shift+Slash')
  await expect(page.getByRole('dialog', { name: '快捷键与偏好' })).toBeVisible()
  await inspect(page, 'desk-help')

  await page.evaluate(() => localStorage.setItem('kefu.console.preferences', '{"language":"en","undoSeconds":0}'))
  await page.reload()
  await expect(page.getByRole('button', { name: 'Transfer', exact: true })).toBeVisible()
  await inspect(page, 'en-desk', ['light'])
  await page.keyboard.press('e')
  await expect(page.getByRole('dialog')).toBeVisible()
  await inspect(page, 'en-desk-close', ['light'])
})
