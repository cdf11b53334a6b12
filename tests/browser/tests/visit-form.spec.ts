// The form: what a customer fills in before anybody is asked to help.
import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { picture } from '../support/files.ts'
import { violations } from '../support/look.ts'
import { Network } from '../support/network.ts'
import { Server } from '../support/server.ts'
import { Serving } from '../support/serving.ts'
import { administrator, DESK, expect, PHONE, test } from '../support/test.ts'
import { newPhone, World } from '../support/world.ts'

test('pictures chosen in the form survive a reload, and are sent with the question', async ({ open, world }) => {
  const serving = await Serving.by(world, '王工', '张医生')
  const page = await open(PHONE)
  const link = await world.link()
  await page.goto(link)
  const add = page.getByLabel('添加截图')
  await add.setInputFiles([await picture(page, '第一张.png'), await picture(page, '第二张.png')])
  await expect(page.getByRole('img', { name: '第二张.png' })).toBeVisible()
  await page.getByRole('button', { name: '移除 第二张.png' }).click()
  await add.setInputFiles(await picture(page, '第三张.png'))
  await expect(page.getByRole('img', { name: '第三张.png' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('img', { name: '第一张.png' })).toBeVisible()
  await expect(page.getByRole('img', { name: '第三张.png' })).toBeVisible()
  await expect(page.getByRole('img', { name: '第二张.png' })).toHaveCount(0)

  const customer = new Customer(page, world, '张医生')
  await customer.fill('接种页面打不开')
  await page.getByRole('button', { name: '开始咨询' }).click()
  await serving.served()
  await serving.heard(({ file }) => file?.name === '第三张.png')
  const said = (await serving.messages()).map(({ content, file }) => file?.name ?? content)
  expect(said).toEqual(['接种页面打不开', '第一张.png', '第三张.png'])

  // They were sent once, and stay sent.
  await page.goto(link)
  await expect(customer.messages.getByRole('button', { name: '查看图片 第三张.png' })).toBeVisible()
  expect(await serving.messages()).toHaveLength(3)
})

test('the code is taken from the whole SMS, and wide digits are digits', async ({ open, world }) => {
  const page = await open(PHONE)
  await page.goto(await world.link())
  await page.getByLabel('手机号').fill('１３９ ００００ １２３４')
  await page.getByRole('button', { name: '获取验证码' }).click()
  await expect(page.getByText('验证码已发送到 139 0000 1234')).toBeVisible()
  await expect(page.getByRole('button', { name: /\d+ 秒后可重发/ })).toBeDisabled()
  const code = page.getByLabel('验证码')
  await expect(code).toBeFocused()
  await expect(code).toHaveAttribute('autocomplete', 'one-time-code')
  await expect(code).toHaveAttribute('inputmode', 'numeric')
  await code.evaluate((element) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text', '【社区医院】您的验证码是 402817，10 分钟内有效。')
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  })
  await expect(code).toHaveValue('402817')
})

test('a link that is used up, revoked or out of date says what to do', async ({ open, world }) => {
  const page = await open(PHONE)
  const { list } = await world.admin.createRegisterLinks({
    teamId: world.team.id,
    expireHours: 1,
    maxUses: 1,
    count: 2,
  })
  const [used, revoked] = list
  const address = (token = '') => `${world.origin}/chat/?link=${token}`
  const customer = new Customer(page, world, '张医生')
  await customer.register(address(used?.token))
  // Who came by it comes back by it, used up as it is.
  await page.goto(address(used?.token))
  await expect(customer.input).toBeVisible()

  const other = await open(PHONE)
  await other.goto(address(used?.token))
  await expect(other.getByRole('heading', { name: '这个链接不能用了' })).toBeVisible()
  await expect(other.getByText('请向您的服务单位要一个新的链接')).toBeVisible()

  // Revoked while somebody fills in the form: the form says so, too.
  const late = new Customer(await open(PHONE), world, '李护士')
  await late.page.goto(address(revoked?.token))
  await late.fill('来晚了')
  await world.admin.revokeRegisterLink({ id: revoked?.id ?? '' })
  await late.page.getByRole('button', { name: '开始咨询' }).click()
  await expect(late.page.getByRole('heading', { name: '这个链接不能用了' })).toBeVisible()
})

test('when the queue is full the question is left as a message', async ({ open }) => {
  const server = await Server.start()
  try {
    const world = await World.on(server, await administrator(server))
    await world.admin.updateAssignmentSettingsPatch({ queueLimit: 1 })
    await world.waiting('王芳', '先来的')
    const asking = new Customer(await open(PHONE), world, '李护士')
    await asking.register(await world.link(), '打印不出来')
    await expect(asking.page.getByText('现在排队人数已满，您的问题已作为留言收下')).toBeVisible()
    await asking.hears('打印不出来')

    // Without a question there is nothing to leave yet.
    const customer = new Customer(await open(PHONE), world, '张医生')
    const { page } = customer
    await page.goto(await world.link())
    await customer.fill()
    await page.getByRole('button', { name: '开始咨询' }).click()
    await expect(page.getByRole('alert')).toContainText('排队人数已满')
    await page.getByLabel('留言内容').fill('报表导不出来')
    await page.getByRole('button', { name: '提交留言' }).click()
    await customer.hears('报表导不出来')
  } finally {
    await server.end()
  }
})

test('without a network the page opens by itself when it is back', async ({ open, world }) => {
  const page = await open(PHONE)
  const network = await Network.of(page)
  await network.cut()
  await page.goto(await world.link())
  await expect(page.getByRole('heading', { name: '暂时打不开' })).toBeVisible()
  await expect(page.getByText('网络不通，请检查网络后重试')).toBeVisible()
  await network.restore()
  await expect(page.getByLabel('姓名')).toBeVisible()
})

test('institutions that are known are offered while one is typed, and taken by keys or thumb', async ({
  open,
  world,
}) => {
  const mark = Math.random().toString(36).slice(2, 6)
  const known = ['社区卫生服务中心', '第一医院', '第二医院'].map((name) => `东城${mark}${name}`)
  for (const institution of known)
    await world.admin.createCustomer({ name: '李医生', phone: newPhone(), institution, teamId: world.team.id })
  const page = await open(PHONE)
  let calls = 0
  page.on('request', (request) => (calls += Number(request.url().includes('/customers/institutions'))))
  await page.goto(await world.link())
  const field = page.getByRole('combobox', { name: '机构' })
  const names = page.getByRole('option')
  const below = page.locator('[type=submit]')
  const before = await below.boundingBox()
  await field.pressSequentially(`东城${mark}`)
  await expect(names).toHaveText(known)
  expect(calls, 'calls for what was typed without a pause').toBeLessThanOrEqual(2)
  expect(await below.boundingBox(), 'nothing moves').toEqual(before)
  for (const name of await names.all()) expect((await name.boundingBox())?.height).toBeGreaterThanOrEqual(44)
  await expect(field).toHaveAttribute('aria-expanded', 'true')
  expect(await violations(page)).toEqual([])

  // By keys: up from the field is the last one; Escape closes and keeps what was typed.
  await field.press('ArrowDown')
  await expect(names.first()).toHaveAttribute('aria-selected', 'true')
  await field.press('Escape')
  await expect(names).toHaveCount(0)
  await expect(field).toHaveValue(`东城${mark}`)
  await field.press('Backspace')
  await expect(names).toHaveCount(3)
  await field.press('ArrowUp')
  await field.press('Enter')
  await expect(field).toHaveValue(known[2] ?? '')
  await expect(names).toHaveCount(0)

  // By thumb: the field keeps the focus, and the keyboard stays.
  await field.fill(`${mark}第`)
  await names.getByText(known[1] ?? '').tap()
  await expect(field).toHaveValue(known[1] ?? '')
  await expect(field).toBeFocused()
  await expect(names).toHaveCount(0)

  // What an input method is still composing is not asked for, and its keys are its own.
  await field.fill('')
  calls = 0
  const input = await page.context().newCDPSession(page)
  await input.send('Input.imeSetComposition', { text: `${mark}di`, selectionStart: 6, selectionEnd: 6 })
  await expect(field).toHaveValue(`${mark}di`)
  await page.waitForTimeout(500)
  expect(calls).toBe(0)
  await input.send('Input.insertText', { text: `${mark}第` })
  await expect(names).toHaveCount(2)
  await page.getByLabel('姓名').focus()
  await expect(names).toHaveCount(0)
})

test('an administrator turns the suggestions of institutions off and on', async ({ open, world }) => {
  const { admin, team, origin } = world
  const institution = '城南联想卫生服务中心'
  await admin.createCustomer({ name: '李医生', phone: newPhone(), institution, teamId: team.id })
  const desk = new Desk(await open(DESK), origin, await world.person('administrator', '管理员'))
  await desk.login()
  await desk.page.goto(`${origin}/console/admin/settings`)
  await desk.page.getByRole('tab', { name: '基本信息' }).click()
  const turn = async (on: boolean) => {
    const control = desk.page.getByRole('switch', { name: '登记时联想机构' })
    await expect(control).toBeChecked({ checked: !on })
    await desk.page.locator('.el-switch').filter({ has: control }).click()
    await expect(control).toBeChecked({ checked: on })
    await desk.page.locator('form').filter({ has: control }).locator('button[type="submit"]').click()
    await expect.poll(async () => (await admin.getSettings({})).institutionSuggestions).toBe(on)
  }
  const page = await open(PHONE)
  await page.goto(await world.link())
  const box = page.getByLabel('机构')
  const type = async () => {
    const answered = page.waitForResponse(/customers\/institutions/)
    await box.fill('城南联想')
    await (await answered).finished()
  }
  await turn(false)
  await type()
  await expect(box).toHaveAttribute('aria-expanded', 'false')
  await turn(true)
  await box.clear()
  await type()
  await expect(page.getByRole('option', { name: institution })).toBeVisible()
})

test('without suggestions the institution is a plain field', async ({ open, world }) => {
  const page = await open(PHONE)
  const customer = new Customer(page, world, '张医生')
  let calls = 0
  await page.route('**/customers/institutions**', (route) => {
    calls += 1
    return route.fulfill({ status: 500, body: '{}' })
  })
  await page.goto(await world.link())
  await customer.fill('接种页面打不开')
  await page.getByRole('combobox', { name: '机构' }).pressSequentially('分院')
  await expect.poll(() => calls).toBeGreaterThan(0)
  await expect(page.getByRole('option')).toHaveCount(0)
  await page.getByRole('button', { name: '开始咨询' }).click()
  await expect(customer.input).toBeVisible()
})
