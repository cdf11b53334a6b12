// Every form of administration with a wrong value, in both languages, and with a right one.
import type { Locator, Page } from '@playwright/test'

import { Desk } from '../support/agent.ts'
import { textFile } from '../support/files.ts'
import { DESK, expect, test } from '../support/test.ts'
import { newPhone, type World } from '../support/world.ts'

type Open = Parameters<Parameters<typeof test>[2]>[0]['open']

/** A form as a test uses it. */
interface Case {
  what: string
  path: string
  /** The field that gets a wrong value, by its name in the API, and what is put right. */
  field: string
  fill: (form: Locator, page: Page, world: World) => Promise<void>
  wrong: string
  right: string
  /** What says that it has worked. */
  done: (page: Page, world: World) => Promise<void>
}

const within = (form: Locator, field: string) => form.locator(`[data-field="${field}"]`)
const box = (form: Locator, field: string) => within(form, field).locator('input, textarea').first()
const mark = () => Math.random().toString(36).slice(2, 8)
const saved = (page: Page) => expect(page.getByText('已保存', { exact: true })).toBeVisible()

const CASES: Case[] = [
  {
    what: 'a team',
    path: 'teams?open=new',
    field: 'name',
    fill: (form) => box(form, 'description').fill('测试'),
    wrong: '',
    right: `团队 ${mark()}`,
    done: saved,
  },
  {
    what: 'a user',
    path: 'users?open=new',
    field: 'username',
    fill: (form) => box(form, 'name').fill('新同事'),
    wrong: 'has a space',
    right: `user-${mark()}`,
    done: (page) => expect(page.getByText('只在现在显示一次')).toBeVisible(),
  },
  {
    what: 'a customer',
    path: 'customers?open=new',
    field: 'phone',
    fill: (form) => box(form, 'name').fill('王芳'),
    wrong: '123',
    right: newPhone(),
    done: saved,
  },
  {
    what: 'a quick reply',
    path: 'quick-replies?open=new',
    field: 'title',
    fill: (form) => box(form, 'content').fill('您好，{{customer}}'),
    wrong: '',
    right: `问候 ${mark()}`,
    done: saved,
  },
  {
    what: "one's own data",
    path: 'account',
    field: 'email',
    fill: async () => {},
    wrong: 'nobody',
    right: 'me@example.com',
    done: saved,
  },
]

/** The administrator on a page, in a language. */
async function pageOf(open: Open, world: World, path: string, language: 'zh-CN' | 'en'): Promise<Page> {
  const desk = new Desk(await open(DESK), world.origin, await world.person('administrator', '管理员'))
  await desk.login()
  await desk.page.evaluate(
    (language) => localStorage.setItem('kefu.console.preferences', JSON.stringify({ language })),
    language,
  )
  await desk.page.goto(`${world.origin}/console/admin/${path}`)
  return desk.page
}

/** Expects that a form refuses a field: at the field, and in one summary that leads to it. */
async function refuses(form: Locator, field: string, language: 'zh-CN' | 'en'): Promise<void> {
  const summary = form.getByRole('alert')
  await expect(summary.getByRole('listitem')).toHaveCount(1)
  await expect(summary).toBeFocused()
  const about = within(form, field).locator('.about')
  const words = (await about.innerText()).trim()
  expect(words).toMatch(language === 'en' ? /^[^\u4e00-\u9fff]+$/ : /[\u4e00-\u9fff]/)
  await expect(summary).toContainText(words)
  await expect(box(form, field)).toHaveAttribute('aria-invalid', 'true')
  await summary.getByRole('listitem').getByRole('button').click()
  await expect(box(form, field)).toBeFocused()
}

for (const { what, path, field, fill, wrong, right, done } of CASES) {
  test(`${what}: a wrong value is refused in both languages, a right one is taken`, async ({ open, world }) => {
    for (const language of ['en', 'zh-CN'] as const) {
      const page = await pageOf(open, world, path, language)
      const form = page.locator('form').filter({ has: page.locator(`[data-field="${field}"]`) })
      await fill(form, page, world)
      if (wrong || (await box(form, field).inputValue())) await box(form, field).fill(wrong)
      await form.locator('button[type="submit"]').click()
      await refuses(form, field, language)
      if (language === 'en') continue
      await box(form, field).fill(right)
      await form.locator('button[type="submit"]').click()
      await done(page, world)
    }
  })
}

test('a quick reply carries files, in the order given', async ({ open, world }) => {
  const page = await pageOf(open, world, 'quick-replies?open=new', 'zh-CN')
  const title = `资料 ${mark()}`
  const form = page.locator('form')
  const files = within(form, 'fileIds')
  const names = async () => {
    const { list } = await world.admin.listQuickReplies({ keyword: title })
    return list[0]?.files.map((file) => file.name)
  }
  await box(form, 'title').fill(title)
  await box(form, 'content').fill('请看附件')
  await within(form, 'shared').getByText('所有人').click()
  await files
    .locator('input')
    .setInputFiles(['一', '二', '三', '四', '五', '六'].map((name) => textFile(`${name}.txt`, name)))
  await expect(page.getByText('一条快捷回复最多带 5 个文件')).toBeVisible()
  await expect(files.getByRole('listitem')).toHaveText(['一', '二', '三', '四', '五'].map((name) => `${name}.txt3 B`))
  await expect(files.getByRole('button', { name: '添加文件' })).toBeDisabled()
  // Saved at once: what is on its way is waited for.
  await files.getByRole('button', { name: '移除 四.txt' }).click()
  await files.locator('input').setInputFiles(textFile('七.txt', '七'))
  await form.locator('button[type="submit"]').click()
  await saved(page)
  expect(await names()).toEqual(['一.txt', '二.txt', '三.txt', '五.txt', '七.txt'])
  await expect(page.getByRole('row').filter({ hasText: title }).getByRole('img', { name: '5 个文件' })).toBeVisible()

  await files.getByRole('button', { name: '移除 二.txt' }).click()
  await form.locator('button[type="submit"]').click()
  await expect.poll(names).toEqual(['一.txt', '三.txt', '五.txt', '七.txt'])
  await expect(files.getByRole('listitem')).toHaveCount(4)
})

test('a link is made for a team only, and shown once', async ({ open, world }) => {
  // Where there is one team, it is chosen already.
  await world.admin.createTeam({ name: `另一个团队 ${mark()}` })
  for (const language of ['en', 'zh-CN'] as const) {
    const page = await pageOf(open, world, 'links?open=new', language)
    const form = page.locator('form')
    await expect(within(form, 'teamId').getByRole('combobox')).toBeEnabled()
    await box(form, 'label').fill('社区培训')
    await form.locator('button[type="submit"]').click()
    await expect(within(form, 'teamId').locator('.about')).toHaveText(language === 'en' ? 'choose one' : '请选择')
    await within(form, 'teamId').locator('.el-select').click()
    await page.getByRole('option', { name: world.team.name }).click()
    await within(form, 'count').locator('input').fill('2')
    await form.locator('button[type="submit"]').click()
    await expect(page.getByText(language === 'en' ? 'Links made: 2.' : '已创建 2 个链接')).toBeVisible()
  }
})

test('settings are changed, and a wrong one is refused', async ({ open, world }) => {
  const page = await pageOf(open, world, 'settings?tab=general', 'zh-CN')
  const general = page.locator('form').filter({ has: page.locator('[data-field="companyName"]') })
  await page.getByRole('tab', { name: '基本信息' }).click()
  await box(general, 'companyName').fill('')
  await general.locator('button[type="submit"]').click()
  await refuses(general, 'companyName', 'zh-CN')
  await box(general, 'companyName').fill('卫健软件')
  await general.locator('button[type="submit"]').click()
  await saved(page)
  expect((await world.admin.getSettings({})).companyName).toBe('卫健软件')
  await world.admin.updateSettingsPatch({ companyName: 'Kefu' })

  await page.getByRole('tab', { name: '分配与提醒' }).click()
  const assignment = page.locator('form').filter({ has: page.locator('[data-field="graceSeconds"]') })
  const before = await world.admin.getAssignmentSettings({})
  await box(assignment, 'transferSeconds').fill('90')
  await box(assignment, 'transferSeconds').press('Tab')
  await assignment.locator('button[type="submit"]').click()
  await expect.poll(async () => (await world.admin.getAssignmentSettings({})).transferSeconds).toBe(90)
  await world.admin.updateAssignmentSettingsPatch({ transferSeconds: before.transferSeconds })
})

test('a new password must be typed twice and be long enough', async ({ open, world }) => {
  const page = await pageOf(open, world, 'account', 'zh-CN')
  const form = page.locator('form').filter({ has: page.locator('[data-field="oldPassword"]') })
  await box(form, 'oldPassword').fill('browser tests 2026')
  await box(form, 'newPassword').fill('short')
  await box(form, 'again').fill('other')
  await form.locator('button[type="submit"]').click()
  await expect(form.getByText('两次输入不一致')).toBeVisible()
  await box(form, 'again').fill('short')
  await form.locator('button[type="submit"]').click()
  await refuses(form, 'newPassword', 'zh-CN')
  await box(form, 'newPassword').fill('browser tests 2027')
  await box(form, 'again').fill('browser tests 2027')
  await form.locator('button[type="submit"]').click()
  await expect(page.getByText('密码已修改').first()).toBeVisible()
})

test('what was done stands in the log, what was sent among the sent messages', async ({ open, world }) => {
  const { phone } = await world.waiting('张医生', '你好')
  const page = await pageOf(open, world, 'sent-messages', 'zh-CN')
  const search = page.getByRole('searchbox')
  await search.fill(phone)
  await search.press('Enter')
  await expect(page.getByRole('row').filter({ hasText: phone })).toHaveCount(1)
  await page.getByRole('link', { name: '操作日志' }).click()
  await page.getByRole('button', { name: '筛选', exact: true }).click()
  await page.getByRole('group', { name: '筛选' }).locator('.el-select').first().click()
  await page.getByRole('option', { name: '客户登记' }).click()
  await expect(page.getByRole('row').filter({ hasText: '张医生' }).first()).toBeVisible()
})
