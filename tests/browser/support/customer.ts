import { expect, type Locator, type Page } from '@playwright/test'

import { newPhone, type World } from './world.ts'

/** A customer in front of the page. */
export class Customer {
  readonly phone = newPhone()

  constructor(
    readonly page: Page,
    private readonly world: World,
    readonly name: string,
  ) {}

  /** Opens a link and fills in the form; in the queue afterwards, unless an agent is free. */
  async register(link: string, question = ''): Promise<void> {
    await this.page.goto(link)
    await this.fill(question)
    await this.page.getByRole('button', { name: '开始咨询' }).click()
    await expect(this.input).toBeVisible()
  }

  /** Fills in the form, down to the code. */
  async fill(question = ''): Promise<void> {
    const name = this.page.getByLabel('姓名')
    await expect(name).toBeVisible()
    const waitAnyway = this.page.getByRole('button', { name: '仍然排队等候' })
    if (await waitAnyway.isVisible()) await waitAnyway.click()
    await name.fill(this.name)
    await this.page.getByLabel('手机号').fill(this.phone)
    await this.page.getByRole('button', { name: '获取验证码' }).click()
    await expect(this.page.getByText(/验证码已发送到/)).toBeVisible()
    await this.page.getByLabel('验证码').fill(await this.world.code(this.phone))
    await this.page.getByLabel('机构').fill('朝阳区第二社区卫生服务中心')
    if (question) await this.page.getByLabel('问题描述').fill(question)
  }

  get input(): Locator {
    return this.page.getByRole('textbox', { name: '输入消息' })
  }

  get messages(): Locator {
    return this.page.getByRole('log', { name: '消息' })
  }

  /** The strip that says how the connection is; empty when nothing is wrong. */
  get strip(): Locator {
    return this.page.locator('.strip')
  }

  /** Sends a text, and waits until it is at least among the messages. */
  async say(text: string): Promise<void> {
    await this.input.fill(text)
    await this.page.getByRole('button', { name: '发送' }).click()
    await expect(this.messages.getByText(text, { exact: true })).toBeVisible()
  }

  async hears(text: string): Promise<void> {
    await expect(this.messages.getByText(text, { exact: true })).toBeVisible()
  }

  /** Waits until an agent serves. */
  async isServedBy(name: string): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1 })).toContainText(name)
  }
}
