import { expect } from '@playwright/test'

import { newId, type Message } from '@kefu/sdk'

import type { Person, World } from './world.ts'

/** An agent who serves by calls alone, for tests that look at the customer's side. */
export class Serving {
  /** The session being served. */
  sessionId = ''

  private constructor(
    readonly person: Person,
    private readonly customer: string,
  ) {}

  /** Somebody of the team who is online from now on; serves who is there, or comes next. */
  static async by(world: World, name: string, customer: string): Promise<Serving> {
    const person = await world.person('agent', name)
    const serving = new Serving(person, customer)
    await person.kefu.setMyAgentStatus({ status: 'ONLINE' })
    return serving
  }

  /** Shows that the agent is still there: who is silent for long loses the customer to others. */
  async stays(): Promise<void> {
    await this.person.kefu.setMyAgentStatus({ status: 'ONLINE' })
  }

  /** Waits until the customer is served. */
  async served(): Promise<this> {
    await expect
      .poll(async () => {
        const { list } = await this.person.kefu.listSessions({ status: ['ACTIVE'], size: 100 })
        this.sessionId = list.find(({ customerName }) => customerName === this.customer)?.id ?? ''
        return this.sessionId
      })
      .not.toBe('')
    return this
  }

  async say(content: string): Promise<Message> {
    const { message } = await this.person.kefu.sendMessage({ id: this.sessionId, clientMsgId: newId(), content })
    return message as Message
  }

  /** What has been said, without Kefu's own lines. */
  async messages(): Promise<Message[]> {
    const { list } = await this.person.kefu.listMessages({ id: this.sessionId, fromStart: true })
    return list.filter(({ contentType }) => contentType !== 'EVENT')
  }

  /** Waits until a message has come, and gives it. */
  async heard(has: (message: Message) => boolean): Promise<Message> {
    let found: Message | undefined
    await expect.poll(async () => (found = (await this.messages()).find(has)) !== undefined).toBe(true)
    return found as Message
  }

  async close(): Promise<void> {
    await this.person.kefu.closeSession({ id: this.sessionId })
  }
}
