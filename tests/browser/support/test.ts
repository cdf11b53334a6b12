import { test as base, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test'
import { Kefu } from '@kefu/sdk'

import { servePages } from './pages.ts'
import { Server } from './server.ts'
import { PASSWORD, World } from './world.ts'

export { expect } from '@playwright/test'

/** A cheap phone. */
export const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
/** A desk. */
export const DESK: BrowserContextOptions = { viewport: { width: 1440, height: 900 } }

interface Fixtures {
  /** A team of the test's own on the worker's server. */
  world: World
  /** Opens a browser of its own; what its pages log as an error fails the test, unless it is expected. */
  open: (options: BrowserContextOptions) => Promise<Page>
  /** Errors that a test brings about itself. */
  expectedErrors: RegExp[]
}

interface WorkerFixtures {
  server: Server
  admin: Kefu
}

/** Tests with a server, a team, and as many browsers as they ask for. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      const server = await Server.start()
      await use(server)
      await server.end()
    },
    { scope: 'worker' },
  ],
  admin: [async ({ server }, use) => use(await administrator(server)), { scope: 'worker' }],
  world: async ({ server, admin }, use) => use(await World.on(server, admin)),
  expectedErrors: [[], { option: true }],
  open: async ({ browser, expectedErrors }, use) => {
    const contexts: BrowserContext[] = []
    const errors: string[] = []
    await use(async (options) => {
      const context = await browser.newContext(options)
      contexts.push(context)
      await servePages(context)
      context.on('weberror', (error) => errors.push(String(error.error())))
      context.on('console', (message) => {
        // Refused calls and lost connections are the page's business; a missing file is not.
        const isCall = /\/(api|ws)\b/.test(`${message.location().url} ${message.text()}`)
        if (message.type() === 'error' && !isCall) errors.push(`${message.text()} ${message.location().url}`)
      })
      return context.newPage()
    })
    for (const context of contexts) await context.close()
    const unexpected = errors.filter((error) => !expectedErrors.some((expected) => expected.test(error)))
    base.expect(unexpected, 'errors in the pages').toEqual([])
  },
})

/** The calls of a fresh server's administrator, who changes the first password. */
export async function administrator(server: Server): Promise<Kefu> {
  const kefu = new Kefu({ baseUrl: server.origin })
  await kefu.login({ username: 'admin', password: server.firstPassword })
  await kefu.changePassword({ oldPassword: server.firstPassword, newPassword: PASSWORD })
  await kefu.login({ username: 'admin', password: PASSWORD })
  return kefu
}
