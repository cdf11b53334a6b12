// The end of a service: what a customer reads of it, says of it, and does next.
import type { Page } from '@playwright/test'

import { Customer } from '../support/customer.ts'
import { Network } from '../support/network.ts'
import { Serving } from '../support/serving.ts'
import { expect, PHONE, test } from '../support/test.ts'
import type { World } from '../support/world.ts'

async function talking(page: Page, world: World) {
  const serving = await Serving.by(world, '王工', '张医生')
  const customer = new Customer(page, world, '张医生')
  await customer.register(await world.link(), '慢病随访保存不了')
  await serving.served()
  await customer.isServedBy('王工')
  return { customer, serving }
}

test('the end: who served, what was bad about it, and again', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const { page, input } = customer
  await input.fill('还有一个问题')
  await serving.close()
  const end = page.getByRole('region', { name: '咨询已结束' })
  await expect(end).toContainText(/王工为您服务，\d\d:\d\d/)

  await end.getByText('2 星').check({ force: true })
  await expect(end.getByText('哪里需要改进')).toBeVisible()
  await end.getByText('没有解决', { exact: true }).click()
  await end.getByLabel('想说的一句话').fill('还是保存不了')
  await end.getByRole('button', { name: '提交评价' }).click()
  await expect(end.getByText('感谢您的评价')).toBeVisible()
  const { rating } = await serving.person.kefu.getSession({ id: serving.sessionId })
  expect([rating?.score, rating?.tags, rating?.comment]).toEqual([2, ['没有解决'], '还是保存不了'])

  // Whoever comes back while nobody is there is told what the button does: it leaves a message.
  await serving.person.kefu.setMyAgentStatus({ status: 'OFFLINE' })
  await page.reload()
  await expect(page.getByRole('heading', { name: '欢迎回来，张医生' })).toBeVisible()
  await expect(page.getByText('现在没有客服在线')).toBeVisible()
  await expect(page.getByRole('button', { name: '提交留言' })).toBeVisible()

  // The rating can be seen again; what was being written goes on with the next question.
  await serving.person.kefu.setMyAgentStatus({ status: 'ONLINE' })
  await page.reload()
  await page.getByRole('button', { name: /以\s*张医生\s*的身份继续/ }).click()
  await expect(input).toHaveValue('还有一个问题')
  await page.getByRole('button', { name: '更多' }).click()
  await page.getByRole('button', { name: '以前的咨询' }).click()
  await page.getByRole('button', { name: /慢病随访保存不了/ }).click()
  await expect(page.getByText('这次咨询已结束，只能查看')).toBeVisible()
  await expect(customer.messages.last()).toContainText('慢病随访保存不了')
})

test('what is not solved is asked again with one tap', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  await serving.close()
  await customer.page.getByRole('button', { name: '问题没解决？重新发起' }).click()
  await expect(customer.input).toBeVisible()
  const first = serving.sessionId
  await serving.served()
  expect(serving.sessionId).not.toBe(first)
})

test('a message that comes too late says so, and is not lost', async ({ open, world }) => {
  const page = await open(PHONE)
  const network = await Network.of(page)
  const { customer, serving } = await talking(page, world)
  await network.cut()
  await customer.say('断网时补充一句')
  await serving.close()
  await network.restore()
  const told = customer.messages.getByRole('alert')
  await expect(told).toContainText('未发送 · 这次咨询已结束，请重新发起')
  await expect(customer.messages.getByText('断网时补充一句')).toBeVisible()
  await expect(customer.messages.getByRole('button', { name: '重发' })).toHaveCount(0)
  await expect(customer.messages.getByRole('button', { name: '复制' })).toBeVisible()
})

test('customers never read a word of ours', async ({ open, world }) => {
  const { customer, serving } = await talking(await open(PHONE), world)
  const { page } = customer
  const words = async () => {
    const text = await page.evaluate(() => {
      const names = [...document.querySelectorAll('[aria-label]')].map((one) => one.getAttribute('aria-label'))
      return [document.body.innerText, ...names].join('\n')
    })
    expect(text).not.toMatch(/会话|工单|令牌|队列|接口|参数/)
  }
  await words()
  await page.getByRole('button', { name: '更多' }).click()
  await words()
  await page.keyboard.press('Escape')
  await serving.close()
  await expect(page.getByRole('heading', { name: '咨询已结束' })).toBeVisible()
  await words()
})
