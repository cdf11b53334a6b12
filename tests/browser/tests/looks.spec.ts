// Every page at three widths, light and dark: pictures for whoever looks at them, and an accessibility check. On a
// server with the demonstration, so that there is something to see.
import type { Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { inspect } from '../support/look.ts'
import { Server } from '../support/server.ts'
import { administrator, DESK, expect, PHONE, test as base } from '../support/test.ts'

const test = base.extend<object, { demo: Server }>({
  demo: [
    async ({}, use) => {
      const server = await Server.start({}, ['--demo'])
      await use(server)
      await server.end()
    },
    // A working day is made first, which takes a slow machine minutes.
    { scope: 'worker', timeout: 240_000 },
  ],
})

/** Waits until what was asked of the server has come. */
async function settled(page: Page): Promise<void> {
  // A page that is not there yet is not busy either.
  await expect(page.locator('main > *').first()).toBeVisible()
  await expect(page.locator('[aria-busy="true"], .el-skeleton')).toHaveCount(0)
}

test.describe.configure({ timeout: 240_000 })

test("the customers' page", async ({ open, world }) => {
  const page = await open(PHONE)
  await page.goto(`${world.origin}/chat/?link=nothing`)
  await expect(page.getByText('这个链接不能用了')).toBeVisible()
  await inspect(page, 'chat-link-invalid')

  const customer = new Customer(page, world, '张医生')
  await page.goto(await world.link())
  await expect(page.getByLabel('姓名')).toBeVisible()
  await inspect(page, 'chat-form')

  await customer.register(await world.link(), '登录后页面空白，清过缓存也不行。')
  await inspect(page, 'chat-queue')

  const agent = await world.person('agent', '王工')
  const desk = new Desk(await open(DESK), world.origin, agent)
  await desk.login()
  await desk.goOnline()
  await customer.isServedBy('王工')
  await desk.open('张医生')
  await desk.say('张医生', '您好，请打开 https://example.com/help?from=kefu 按第 3 步操作，或拨打 010-12345678。')
  await desk.say('张医生', 'L'.repeat(180))
  await customer.say('一段很长的话。'.repeat(90))
  await inspect(page, 'chat-conversation')
  await inspect(desk.page, 'workbench-conversation')

  await agent.kefu.closeSession({ id: new URL(desk.page.url()).pathname.split('/').at(-1) ?? '' })
  await expect(page.getByRole('heading', { name: '咨询已结束' })).toBeVisible()
  await inspect(page, 'chat-end')
  await page.getByRole('button', { name: '以前的咨询' }).click()
  await expect(page.getByRole('heading', { name: '以前的咨询' })).toBeVisible()
  await inspect(page, 'chat-history')
})

test('login, and the API reference', async ({ open, server, world }) => {
  const page = await open(DESK)
  await page.goto(`${server.origin}/console/login`)
  await expect(page.getByLabel('用户名')).toBeVisible()
  await inspect(page, 'console-login')
  const newcomer = new Desk(await open(DESK), world.origin, await world.newcomer('agent', '新人'))
  await newcomer.login('first password')
  await inspect(newcomer.page, 'console-change-password')
  await page.goto(`${server.origin}/docs/`)
  await expect(page.getByRole('heading', { name: /^Session / })).toBeVisible()
  await inspect(page, 'docs', ['light'])
})

const CONSOLE = {
  service: ['sessions', 'customers', 'pending-archive', 'archive-review', 'archive-history', 'quick-replies', 'links'],
  people: ['teams', 'users', 'roles', 'account', 'notifications'],
  system: ['settings', 'sent-messages', 'operation-log'],
}

for (const [group, pages] of Object.entries(CONSOLE)) {
  test(`administration: ${group}`, async ({ open, demo }) => {
    const page = await signedIn(open, demo)
    for (const path of pages) {
      await page.goto(`${demo.origin}/console/admin/${path}`)
      await expect(page.getByRole('heading').first()).toBeVisible()
      await settled(page)
      await inspect(page, `admin-${path}`)
    }
  })
}

test('the desk and the board', async ({ open, demo }) => {
  const page = await signedIn(open, demo)
  for (const path of ['board', 'workbench']) {
    await page.goto(`${demo.origin}/console/${path}`)
    await settled(page)
    await inspect(page, path)
  }
  await page.goto(`${demo.origin}/console/nowhere`)
  await expect(page.getByText('页面不存在')).toBeVisible()
  await inspect(page, 'not-found', ['light'])
})

test('details, forms and dialogs of administration', async ({ open, demo }) => {
  const page = await signedIn(open, demo)
  for (const path of ['users?open=new', 'roles?open=new', 'teams?open=new', 'customers?open=new', 'links?open=new']) {
    await page.goto(`${demo.origin}/console/admin/${path}`)
    await expect(page.locator('form')).toBeVisible()
    await settled(page)
    await page.locator('form button[type="submit"]').click()
    await expect(page.locator('form').getByRole('alert')).toBeVisible()
    await inspect(page, `admin-form-${path.split('?')[0]}`, ['light'])
  }
  for (const path of ['roles', 'users', 'customers', 'sessions', 'teams']) {
    await page.goto(`${demo.origin}/console/admin/${path}`)
    await settled(page)
    await page.locator('tbody button').first().click()
    await expect(page.getByRole('complementary')).toBeVisible()
    await settled(page)
    await inspect(page, `admin-open-${path}`)
  }
})

test('the board with a selection, a dialog and details', async ({ open, demo }) => {
  const page = await signedIn(open, demo)
  await page.goto(`${demo.origin}/console/board`)
  await settled(page)
  await page.locator('.row .el-checkbox').first().click()
  await expect(page.getByText('已选择会话，列表暂停移动')).toBeVisible()
  await inspect(page, 'board-selected')
  await page.getByRole('button', { name: '分配给…' }).click()
  await expect(page.getByRole('dialog').getByLabel('原因')).toBeVisible()
  await settled(page)
  await inspect(page, 'board-assign')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.locator('.row').first().getByRole('button', { name: /^查看/ }).click()
  await expect(page.getByText('只读查看')).toBeVisible()
  await inspect(page, 'board-watch')
})

test('the console in English', async ({ open, demo }) => {
  const page = await signedIn(open, demo)
  await page.addInitScript(() => localStorage.setItem('kefu.console.preferences', '{"language":"en"}'))
  for (const path of [
    'board',
    'workbench',
    'admin/settings',
    'admin/teams',
    'admin/sessions',
    'admin/roles?open=new',
  ]) {
    await page.goto(`${demo.origin}/console/${path}`)
    await settled(page)
    await inspect(page, `en-${path.replace(/\W+/g, '-')}`, ['light'])
  }
})

/** A page of the demonstration's administrator. */
async function signedIn(open: (options: typeof DESK) => Promise<Page>, demo: Server): Promise<Page> {
  demo.admin ??= await administrator(demo)
  const tokens = demo.admin.tokens.read()
  const page = await open(DESK)
  await page.addInitScript((tokens) => {
    if (!localStorage.getItem('kefu.console')) localStorage.setItem('kefu.console', JSON.stringify(tokens))
  }, tokens)
  return page
}
