import { expect, type Locator, type Page } from '@playwright/test'

import { Desk } from './agent.ts'
import type { World } from './world.ts'

/** A supervisor in front of the board. */
export class Board extends Desk {
  /** Logs in and looks at the team of a test. */
  async watch(world: World): Promise<void> {
    await this.login()
    await this.page.goto(`${world.origin}/console/board?team=${world.team.id}`)
    await expect(this.page.getByText('实时更新中')).toBeVisible()
  }

  get waiting(): Locator {
    return this.page.getByRole('region', { name: '排队' })
  }

  /** Who waits, from the top. */
  get waitingNames(): Locator {
    return this.waiting.locator('.name')
  }

  /** A waiting session's row. */
  waits(customer: string): Locator {
    return this.waiting.getByRole('listitem').filter({ hasText: customer })
  }

  /** An agent's row. */
  agent(name: string): Locator {
    return this.page.getByRole('region', { name: '客服' }).getByRole('row').filter({ hasText: name })
  }

  async select(customer: string): Promise<void> {
    await this.waits(customer).locator('.el-checkbox').click()
    await expect(this.selects(customer)).toBeChecked()
  }

  /** The box that selects a waiting session. */
  selects(customer: string): Locator {
    return this.page.getByRole('checkbox', { name: `选择 ${customer} 的会话` })
  }

  /** Opens what an agent has, and there a session to be watched. */
  async listenIn(agent: string, customer: string): Promise<Locator> {
    await this.agent(agent).getByRole('button', { name: agent }).click()
    await this.page.getByRole('button', { name: `查看 ${customer} 的会话` }).click()
    const pane = this.page.getByRole('complementary', { name: customer })
    await expect(pane.getByText('只读查看')).toBeVisible()
    return pane
  }

  dialog(name: string | RegExp): Locator {
    return this.page.getByRole('dialog', { name })
  }
}

/** Marks a page, to tell later that it was never loaded again. */
export async function mark(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => Object.assign(window, { stillHere: true }))
  return async () => expect(await page.evaluate(() => 'stillHere' in window), 'the page was loaded again').toBe(true)
}
