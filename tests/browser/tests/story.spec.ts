import { Desk } from '../support/agent.ts'
import { Customer } from '../support/customer.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'

test('the whole story: link, form, queue, conversation, transfer, end, rating', async ({ open, world }) => {
  const [wang, li] = [await world.person('agent', '王工'), await world.person('agent', '李工')]
  const boss = await world.person('supervisor', '陈主管')

  // 1. The supervisor watches; nobody is on duty yet.
  const board = new Desk(await open(DESK), world.origin, boss)
  await board.login()
  await board.page.goto(`${world.origin}/console/board`)

  // 2. and 3. A customer opens the link, proves the phone, and waits.
  const customer = new Customer(await open(PHONE), world, '张医生')
  await customer.register(await world.link(), '登录后页面空白')
  await expect(customer.page.getByText('下一位就是您').first()).toBeVisible()
  await customer.say('浏览器是 360')
  await expect(board.page.getByRole('main')).toContainText('张医生')

  // 4. An agent goes online and gets the session, with what the customer has written.
  const first = new Desk(await open(DESK), world.origin, wang)
  await first.login()
  await first.goOnline()
  await customer.isServedBy('王工')
  await first.open('张医生')
  await first.hears('登录后页面空白')
  await first.hears('浏览器是 360')

  // 5. They talk; each sees that the other has read.
  await first.say('张医生', '您好，请按 Ctrl+F5 刷新')
  await customer.hears('您好，请按 Ctrl+F5 刷新')
  await expect(first.messages.getByText('已读').last()).toBeVisible()
  await customer.say('刷新了，还是空白')
  await first.hears('刷新了，还是空白')
  await expect(customer.messages.getByText('已读').last()).toBeVisible()

  // 6. A colleague takes over, with everything that was said.
  const second = new Desk(await open(DESK), world.origin, li)
  await second.login()
  await second.goOnline()
  await first.conversation('张医生').getByRole('button', { name: '转接' }).click()
  const transfer = first.page.getByRole('dialog', { name: '转接 张医生 的会话' })
  await transfer.getByRole('radio', { name: '李工' }).check()
  await transfer.getByLabel('转接原因').fill('需要看服务器日志')
  await transfer.getByRole('button', { name: '发起转接' }).click()
  const offer = second.page.getByRole('alert', { name: '转接请求' })
  await expect(offer).toContainText('需要看服务器日志')
  await offer.getByRole('button', { name: '接受' }).click()
  await customer.isServedBy('李工')
  await second.open('张医生')
  await second.hears('浏览器是 360')
  await second.say('张医生', '已经修好了，请再试')
  await customer.hears('已经修好了，请再试')

  // 7. It ends, and the customer rates it.
  await second.conversation('张医生').getByRole('button', { name: '结束' }).click()
  const close = second.page.getByRole('dialog', { name: '结束 张医生 的会话' })
  await close.getByLabel('一句话小结').fill('清理缓存并修复白屏')
  await close.getByRole('button', { name: '结束会话' }).click()
  await expect(customer.page.getByRole('heading', { name: '咨询已结束' })).toBeVisible()
  await customer.page.getByText('5 星').check({ force: true })
  await customer.page.getByLabel('想说的一句话').fill('很快就解决了')
  await customer.page.getByRole('button', { name: '提交评价' }).click()
  await expect(customer.page.getByText('感谢您的评价')).toBeVisible()
  await expect(customer.page.getByRole('button', { name: '问题没解决？重新发起' })).toBeVisible()
})
