import { expect, type Locator, type Page } from '@playwright/test'

import { PASSWORD, type Person } from './world.ts'

/** Somebody of the staff in front of the console. */
export class Desk {
  constructor(
    readonly page: Page,
    private readonly origin: string,
    readonly person: Person,
  ) {}

  /** Logs in, with messages that are sent at once instead of after the seconds for undoing. */
  async login(password = PASSWORD, undoSeconds = 0): Promise<void> {
    await this.page.goto(`${this.origin}/console/login`)
    await this.page.evaluate(
      (undoSeconds) => localStorage.setItem('kefu.console.preferences', JSON.stringify({ undoSeconds })),
      undoSeconds,
    )
    await this.page.reload()
    await this.page.getByLabel('用户名').fill(this.person.username)
    await this.page.getByLabel('密码', { exact: true }).fill(password)
    await this.page.getByRole('button', { name: '登录', exact: true }).click()
    await expect(this.page).not.toHaveURL(/\/login/)
  }

  async goOnline(): Promise<void> {
    await this.page.getByRole('button', { name: '上线', exact: true }).click()
    await expect(this.page.getByRole('button', { name: /我的状态：\s*在线/ })).toBeVisible()
  }

  /** A session's row in the list. */
  row(customer: string): Locator {
    return this.page.getByRole('region', { name: '会话列表' }).getByRole('button', { name: customer })
  }

  /** The conversation that is shown. */
  conversation(customer: string): Locator {
    return this.page.getByRole('region', { name: `与 ${customer} 的会话` })
  }

  async open(customer: string): Promise<void> {
    await this.row(customer).click()
    await expect(this.conversation(customer)).toBeVisible()
  }

  reply(customer: string): Locator {
    return this.page.getByRole('textbox', { name: `回复 ${customer}` })
  }

  get messages(): Locator {
    return this.page.getByRole('log')
  }

  async say(customer: string, text: string): Promise<void> {
    await this.reply(customer).fill(text)
    await this.reply(customer).press('Enter')
    await this.hears(text)
  }

  async hears(text: string): Promise<void> {
    await expect(this.messages.getByText(text, { exact: true })).toBeVisible()
  }
}
