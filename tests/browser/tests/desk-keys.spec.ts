import { Desk } from '../support/agent.ts'
import { DESK, expect, test } from '../support/test.ts'
import type { World } from '../support/world.ts'
import type { Page } from '@playwright/test'

/** An agent with three customers, who wait in this order. */
async function busy(world: World, page: Page): Promise<Desk> {
  const desk = new Desk(page, world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  for (const name of ['张医生', '李强', '赵敏']) {
    await world.waiting(name, `${name} 的问题`)
    await expect(desk.row(name)).toBeVisible()
  }
  // The way of the list is held still under a pointer.
  await page.mouse.move(900, 300)
  return desk
}

test('every key of the sheet does what the sheet says', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await busy(world, page)
  const { keyboard } = page
  await world.admin.createQuickReply({ title: '组字时的问候', content: '您好', shared: true })

  await keyboard.press('j')
  await expect(desk.conversation('张医生')).toBeVisible()
  await keyboard.press('j')
  await expect(desk.conversation('李强')).toBeVisible()
  await keyboard.press('k')
  await expect(desk.conversation('张医生')).toBeVisible()
  await keyboard.press('k')
  await expect(desk.conversation('赵敏')).toBeVisible()

  await keyboard.press('Alt+2')
  await expect(desk.conversation('李强')).toBeVisible()
  await keyboard.press('Alt+1')
  await expect(desk.conversation('张医生')).toBeVisible()
  await keyboard.press('Alt+9')
  await expect(desk.conversation('张医生')).toBeVisible()

  await keyboard.press('r')
  await expect(desk.reply('张医生')).toBeFocused()
  await expect(desk.reply('张医生')).toHaveValue('')
  // Letters are letters to whoever writes; the tabs are reached all the same.
  await keyboard.type('jknrtesu?')
  await expect(desk.reply('张医生')).toHaveValue('jknrtesu?')
  await keyboard.press('Alt+3')
  await expect(desk.conversation('赵敏')).toBeVisible()
  await keyboard.press('Alt+1')
  await expect(desk.reply('张医生')).toHaveValue('jknrtesu?')
  await keyboard.press('r')
  await keyboard.press('Control+a')
  await keyboard.press('Backspace')
  await keyboard.press('Escape')
  await expect(desk.reply('张医生')).not.toBeFocused()

  await keyboard.press('n')
  await expect(page.getByRole('textbox', { name: '内部备注' })).toBeFocused()
  await keyboard.press('Escape')
  await keyboard.press('/')
  await expect(page.getByRole('listbox', { name: '快捷回复' })).toBeVisible()
  await keyboard.type('wenhou')
  await expect(page.getByRole('option', { name: /组字时的问候/ })).toBeVisible()
  await keyboard.press('Enter')
  await expect(desk.reply('张医生')).toHaveValue('您好')
  await keyboard.press('Enter')
  await desk.hears('您好')
  await keyboard.press('Escape')

  await keyboard.press('u')
  await expect(desk.row('张医生')).toContainText('稍后')
  await keyboard.press('u')
  await expect(desk.row('张医生')).not.toContainText('稍后')
  await keyboard.press('f')
  await expect(page.getByRole('textbox', { name: /搜索/ })).toBeFocused()
  await keyboard.press('Escape')
  await page.locator('body').press('Tab')
})

test('the keys that open something open it, and Escape gives the focus back', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await busy(world, page)
  const { keyboard } = page
  await desk.open('张医生')
  for (const [key, dialog] of [
    ['t', '转接 张医生 的会话'],
    ['e', '结束 张医生 的会话'],
    ['Shift+Slash', '快捷键与偏好'],
    ['Control+k', '查找'],
  ] as const) {
    await keyboard.press(key)
    const opened = page.getByRole('dialog', { name: dialog })
    await expect(opened, key).toBeVisible()
    // Behind it nothing happens.
    await keyboard.press('Alt+2')
    await keyboard.press('Escape')
    await expect(opened, key).toHaveCount(0)
    await expect(desk.conversation('张医生')).toBeVisible()
    await expect(desk.row('张医生'), key).toBeFocused()
  }
  await keyboard.press('s')
  await expect(page.getByRole('menuitem', { name: '小休' })).toBeVisible()
  await keyboard.press('Escape')
  await expect(page.getByRole('menuitem', { name: '小休' })).toBeHidden()
})

test('Ctrl+K finds people and deeds by pinyin', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await busy(world, page)
  await desk.open('张医生')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: '查找' })).toBeFocused()
  await page.keyboard.type('liqiang')
  await expect(page.getByRole('option', { name: /李强/ })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(desk.conversation('李强')).toBeVisible()
  // While it fades out it is still a dialog, behind which keys do nothing.
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: '查找' })).toBeFocused()
  await page.keyboard.type('zhuanjie')
  await expect(page.getByRole('option', { name: /转接/ })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: '转接 李强 的会话' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: '查找' })).toBeFocused()
  await page.keyboard.type('没有这样的东西')
  await expect(page.getByText('没有匹配项')).toBeVisible()
})

test('keys of an input method do nothing but compose', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await busy(world, page)
  await desk.open('张医生')
  const ways = [
    { isComposing: true, keyCode: 229 },
    { isComposing: false, keyCode: 229 },
    { isComposing: true, keyCode: 74 },
  ]
  for (const way of ways) {
    for (const [key, code] of [
      ['j', 'KeyJ'],
      ['t', 'KeyT'],
      ['k', 'KeyK'],
      ['?', 'Slash'],
    ]) {
      await page.locator('body').dispatchEvent('keydown', { key, code, bubbles: true, cancelable: true, ...way })
    }
    const ctrlK = { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true, cancelable: true, ...way }
    await page.locator('body').dispatchEvent('keydown', ctrlK)
  }
  await expect(desk.conversation('张医生')).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)

  // In the menu of quick replies too, where Enter chooses and the arrows walk.
  await desk.person.kefu.createQuickReply({ title: '自己的问候', content: '您好' })
  await desk.reply('张医生').pressSequentially('/')
  await expect(page.getByRole('option', { name: '自己的问候' })).toBeVisible()
  for (const way of ways) {
    const enter = { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true, ...way }
    await desk.reply('张医生').dispatchEvent('keydown', enter)
  }
  await expect(desk.reply('张医生')).toHaveValue('/')
})

test('single keys can be switched off; the others stay', async ({ open, world }) => {
  const page = await open(DESK)
  const desk = await busy(world, page)
  await desk.open('张医生')
  await page.keyboard.press('Shift+Slash')
  const sheet = page.getByRole('dialog', { name: '快捷键与偏好' })
  await sheet.getByText('启用单键快捷键').click()
  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
  for (const key of ['j', 't', 'e', 's', 'Shift+Slash']) await page.keyboard.press(key)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(desk.conversation('张医生')).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog', { name: '查找' })).toBeVisible()
})
