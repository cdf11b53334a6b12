import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'

/** A picture of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('the form says what is missing, at the field, and keeps what was written', async ({ open, world }) => {
  const page = await open(PHONE)
  const link = await world.link()
  await page.goto(link)
  await page.getByRole('button', { name: '仍然排队等候' }).click()
  await page.getByRole('button', { name: '开始咨询' }).click()
  await expect(page.getByText('请填写姓名')).toBeVisible()
  await expect(page.getByText('请填写 11 位手机号')).toBeVisible()
  await expect(page.getByLabel('姓名')).toBeFocused()
  await page.getByLabel('姓名').fill('张医生')
  await page.getByLabel('手机号').fill('123')
  await page.getByRole('button', { name: '获取验证码' }).click()
  await expect(page.getByText('请填写 11 位手机号')).toBeVisible()
  await page.reload()
  await expect(page.getByLabel('姓名')).toHaveValue('张医生')
})

test('a link that does not work says so in plain words', async ({ open, world }) => {
  const page = await open(PHONE)
  await page.goto(`${world.origin}/chat/?link=nothing`)
  await expect(page.getByText('这个链接不能用了')).toBeVisible()
  const other = await open(PHONE)
  await other.goto(`${world.origin}/chat/`)
  await expect(other.getByText('请从链接打开')).toBeVisible()
})

test('the place in the queue moves by itself, is kept over a reload, and can be given up', async ({ open, world }) => {
  const first = await world.waiting('王芳', '打不开接种页面')
  const customer = new Customer(await open(PHONE), world, '李强')
  const link = await world.link()
  await customer.register(link)
  const queue = customer.page.getByRole('region', { name: '排队中' })
  await expect(queue).toContainText('您前面还有')
  await expect(queue.locator('.figure')).toHaveText('1')
  await first.kefu.closeSession({ id: first.sessionId })
  await expect(queue).toContainText('下一位就是您')
  await customer.say('补充：用的是 Chrome')

  await customer.page.goto(link)
  await expect(queue).toContainText('下一位就是您')
  await customer.hears('补充：用的是 Chrome')

  await queue.getByRole('button', { name: '取消排队' }).click()
  await customer.page.getByRole('dialog').getByRole('button', { name: '取消排队' }).click()
  await expect(customer.page.getByRole('heading', { name: '已取消排队' })).toBeVisible()
})

test('a customer leaves a message out of hours, and reads the answer later', async ({ open, world }) => {
  // On duty for one minute of the week that is not now.
  const weekday = ((new Date().getDay() + 3) % 7) + 1
  await world.admin.updateTeamPatch({
    id: world.team.id,
    workingHours: [{ weekday, startMinute: 180, endMinute: 181 }],
  })
  const customer = new Customer(await open(PHONE), world, '王芳')
  const link = await world.link()
  await customer.page.goto(link)
  await expect(customer.page.getByText('现在没有客服在线')).toBeVisible()
  await customer.page.getByLabel('姓名').fill('王芳')
  await customer.page.getByLabel('手机号').fill(customer.phone)
  await customer.page.getByRole('button', { name: '获取验证码' }).click()
  await expect(customer.page.getByText(/验证码已发送到/)).toBeVisible()
  await customer.page.getByLabel('验证码').fill(await world.code(customer.phone))
  await customer.page.getByLabel('留言内容').fill('明天请回电话')
  await customer.page.getByRole('button', { name: '提交留言' }).click()
  await expect(customer.page.getByRole('heading', { name: '已收到您的留言' })).toBeVisible()
  await customer.hears('明天请回电话')
})

test('pictures and files go both ways', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '你好')
  await desk.open('张医生')

  await customer.page.getByRole('button', { name: '添加图片或文件' }).click()
  await customer.page
    .getByLabel('图片', { exact: true })
    .setInputFiles({ name: '截图.png', mimeType: 'image/png', buffer: PIXEL })
  await desk.messages.getByRole('button', { name: /查看图片/ }).click()
  await expect(desk.page.getByRole('img').last()).toBeVisible()
  await desk.page.keyboard.press('Escape')

  const file = { name: '操作手册.txt', mimeType: 'text/plain', buffer: Buffer.from('第一步：登录') }
  await desk.page.locator('input[type=file]:not([accept])').setInputFiles(file)
  await expect(customer.messages).toContainText('操作手册.txt')
  const download = customer.page.waitForEvent('download')
  await customer.messages.getByRole('button', { name: /操作手册/ }).click()
  expect((await download).suggestedFilename()).toBe('操作手册.txt')
})

test('all texts are English for those who read English', async ({ open, world }) => {
  const page = await open({ ...PHONE, locale: 'en-GB' })
  await page.goto(await world.link())
  await expect(page.getByRole('button', { name: /start|leave/i })).toBeVisible()
  // What the company has written itself is in its own language: its name, the kinds of questions.
  const text = await page.locator('form').evaluate((form) => {
    const copy = form.cloneNode(true) as HTMLElement
    copy.querySelectorAll('label:has([type=radio]), [type=radio] + *').forEach((element) => element.remove())
    return copy.innerText
  })
  expect(text.replaceAll('客服中心', '')).not.toMatch(/[\u4e00-\u9fff]/)
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
})

test('text from a customer stays text', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await desk.login()
  await desk.goOnline()
  const evil =
    '<img src=x onerror="window.hacked=1"> javascript:window.hacked=1 {{constructor.constructor("window.hacked=1")()}}'
  await world.waiting('<b>王</b>', evil)
  await desk.open('<b>王</b>')
  await desk.hears(evil)
  expect(await desk.page.evaluate(() => 'hacked' in window)).toBe(false)
})
