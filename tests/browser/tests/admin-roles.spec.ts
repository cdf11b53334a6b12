// Roles, locked users, and the archive with its review.
import { Desk } from '../support/agent.ts'
import { DESK, expect, test } from '../support/test.ts'
import { PASSWORD } from '../support/world.ts'

test('a role is copied, narrowed, given, and deleted when nobody has it', async ({ open, world }) => {
  const desk = new Desk(await open(DESK), world.origin, await world.person('administrator', '管理员'))
  const { page } = desk
  await desk.login()
  await page.goto(`${world.origin}/console/admin/roles`)
  await page.getByRole('button', { name: '客服专员' }).click()
  const preset = page.getByRole('complementary', { name: '客服专员' })
  await expect(preset.getByText('系统预置的角色')).toBeVisible()
  await expect(preset.getByRole('checkbox', { name: '转接' })).toBeDisabled()
  await preset.getByRole('button', { name: '复制为新角色' }).click()

  const name = `夜班 ${Math.random().toString(36).slice(2, 8)}`
  const made = page.getByRole('complementary', { name: '新建角色' })
  await expect(made.getByRole('checkbox', { name: '转接' })).toBeChecked()
  await made.getByLabel('角色').first().fill('')
  await made.getByRole('button', { name: '新建角色' }).click()
  await expect(made.getByRole('alert')).toContainText('角色')
  await made.getByLabel('角色').first().fill(name)
  await made.getByText('转接', { exact: true }).click()
  await made.getByText(/^所在团队/).click()
  await made.getByRole('button', { name: '新建角色' }).click()
  const pane = page.getByRole('complementary', { name })
  await expect(pane.getByRole('checkbox', { name: '转接' })).not.toBeChecked()
  const role = (await world.admin.listRoles({ size: 100 })).list.find((one) => one.name === name)
  expect(role?.dataScope).toBe('TEAM')
  expect(role?.permissions).not.toContain('session:transfer')

  const { id } = await world.newcomer('agent', '新人')
  await world.admin.updateUserPatch({ id, roleIds: [role?.id ?? ''] })
  await pane.getByRole('button', { name: '删除角色' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '删除角色' }).click()
  await expect(page.getByText(/新人/).last()).toBeVisible()
  await world.admin.deleteUser({ id })
  await pane.getByRole('button', { name: '删除角色' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '删除角色' }).click()
  await expect(page.getByText(`已删除角色“${name}”`)).toBeVisible()
  await expect(page.getByRole('button', { name })).toHaveCount(0)
})

test('what one does not hold oneself cannot be given, and says so', async ({ open, world }) => {
  const held = ['role:read', 'role:write', 'user:read', 'session:read']
  const role = await world.admin.createRole({
    name: `角色管理 ${Math.random().toString(36).slice(2, 8)}`,
    dataScope: 'TEAM',
    permissions: held,
  })
  const person = await world.person('agent', '小组长')
  await world.admin.updateUserPatch({ id: person.id, roleIds: [role.id] })
  const desk = new Desk(await open(DESK), world.origin, person)
  await desk.login()
  await desk.page.goto(`${world.origin}/console/admin/roles?open=new`)
  const made = desk.page.getByRole('complementary', { name: '新建角色' })
  await expect(made.getByRole('checkbox', { name: '查看会话和消息' })).toBeEnabled()
  await expect(made.getByRole('checkbox', { name: '管理用户' })).toBeDisabled()
  await expect(made.getByText('您自己没有这项权限，不能授予').first()).toBeVisible()
  await expect(made.getByRole('radio', { name: /^全部/ })).toBeDisabled()
  await expect(made.getByRole('radio', { name: /^本人/ })).toBeEnabled()
})

test('a user who tried too many passwords is unlocked', async ({ open, world }) => {
  const locked = await world.person('agent', '健忘的人')
  const isLocked = async () => {
    await locked.kefu.login({ username: locked.username, password: 'not the password' }).catch(() => {})
    return (await world.admin.getUser({ id: locked.id })).lockedUntil !== null
  }
  // Each try costs the server's time on purpose.
  await expect.poll(isLocked, { timeout: 60_000, intervals: [0] }).toBe(true)
  const desk = new Desk(await open(DESK), world.origin, await world.person('administrator', '管理员'))
  await desk.login()
  await desk.page.goto(`${world.origin}/console/admin/users?open=${locked.id}`)
  await expect(desk.page.getByText(/密码错误太多次，锁定到/)).toBeVisible()
  await desk.page.getByRole('button', { name: '解锁' }).click()
  await expect(desk.page.getByText('已解锁“健忘的人”')).toBeVisible()
  await expect(desk.page.getByText(/密码错误太多次，锁定到/)).toHaveCount(0)
  await locked.kefu.login({ username: locked.username, password: PASSWORD })
})

test('a customer is handed in, sent back, handed in again, and archived', async ({ open, world }) => {
  await world.admin.updateSettingsPatch({ archiveReview: true })
  const { kefu, sessionId, phone } = await world.waiting('张医生', '你好')
  await kefu.closeSession({ id: sessionId })
  const clerk = new Desk(await open(DESK), world.origin, await world.person('administrator', '管理员'))
  const { page } = clerk
  await clerk.login()
  await page.goto(`${world.origin}/console/admin/pending-archive?keyword=${phone}`)
  await page.getByRole('button', { name: '张医生' }).click()
  const pane = page.getByRole('complementary', { name: '张医生' })
  const archive = pane.getByRole('region', { name: '归档' })
  const record = pane.locator('form').filter({ has: page.getByLabel('姓名') })
  const save = record.getByRole('button', { name: '保存' })
  await archive.getByLabel('说明').fill('资料齐了')
  await record.getByLabel('机构', { exact: true }).fill('')
  await save.click()
  const stored = async () => (await world.admin.listCustomers({ keyword: phone })).list[0]
  await expect.poll(async () => (await stored())?.institution).toBeFalsy()
  await archive.getByRole('button', { name: '提交归档申请' }).click()
  await expect(archive.getByRole('alert')).toContainText('机构')
  await record.getByLabel('机构', { exact: true }).fill('朝阳区疾控中心')
  await record.getByLabel('部门').fill('免疫科')
  await save.click()
  await expect.poll(async () => (await stored())?.department).toBe('免疫科')
  // What was written for the review is still there when the record is saved.
  await expect(archive.getByLabel('说明')).toHaveValue('资料齐了')
  await archive.getByRole('button', { name: '提交归档申请' }).click()
  await expect(page.getByText('已提交“张医生”的归档申请')).toBeVisible()

  const boss = new Desk(await open(DESK), world.origin, await world.person('supervisor', '陈主管'))
  await boss.login()
  await boss.page.goto(`${world.origin}/console/admin/archive-review`)
  const review = boss.page.getByRole('complementary', { name: '张医生' })
  await boss.page.getByRole('button', { name: '张医生' }).first().click()
  await expect(review.getByText('资料齐了')).toBeVisible()
  await expect(review.getByText('免疫科')).toBeVisible()
  await review.getByRole('button', { name: '退回' }).click()
  await expect(review.getByRole('alert')).toContainText('审核意见')
  await review.getByLabel('审核意见').fill('缺少职位')
  await review.getByRole('button', { name: '退回' }).click()
  await expect(boss.page.getByText('已退回“张医生”的归档申请')).toBeVisible()

  const customer = await stored()
  await world.admin.archiveCustomer({ id: customer?.id ?? '', comment: '补好了' })
  await boss.page.reload()
  await boss.page.getByRole('button', { name: '张医生' }).first().click()
  await review.getByRole('button', { name: '通过' }).click()
  await expect(boss.page.getByText('“张医生”已成为正式客户')).toBeVisible()
  await boss.page.getByRole('link', { name: '归档历史' }).click()
  await expect(boss.page.getByRole('row').filter({ hasText: '已退回' }).first()).toBeVisible()
  await expect(boss.page.getByRole('row').filter({ hasText: '已通过' }).first()).toBeVisible()
  await world.admin.updateSettingsPatch({ archiveReview: false })
})
