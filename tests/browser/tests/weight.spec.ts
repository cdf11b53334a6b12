// What a phone on a slow line has to fetch before the form can be used. Bytes and requests are budgets; the time on a
// simulated line is told, not tested, since it depends on the machine.
import type { Page } from '@playwright/test'

import { DESK, expect, PHONE, test } from '../support/test.ts'

const LINES = [
  { name: '400 kbit/s, 400 ms', kbit: 400, latency: 400, goal: 4000 },
  { name: '4 Mbit/s, 100 ms', kbit: 4000, latency: 100, goal: 1500 },
]

/** Opens a page on a slow line: what came over the wire, and when it could be used. */
async function load(page: Page, address: string, usable: string, line: (typeof LINES)[number]) {
  const browser = await page.context().newCDPSession(page)
  await browser.send('Network.enable')
  await browser.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: line.latency,
    downloadThroughput: (line.kbit * 1000) / 8,
    uploadThroughput: (line.kbit * 1000) / 8,
  })
  const seen = { bytes: 0, requests: 0 }
  browser.on('Network.loadingFinished', ({ encodedDataLength }) => {
    seen.bytes += encodedDataLength
    seen.requests += 1
  })
  const started = Date.now()
  await page.goto(address, { waitUntil: 'commit' })
  await page.getByLabel(usable).first().click()
  return { ...seen, milliseconds: Date.now() - started }
}

for (const line of LINES) {
  test(`the form on ${line.name}`, async ({ open, world }) => {
    const seen = await load(await open(PHONE), await world.link(), '姓名', line)
    const told = `${line.name}: ${seen.milliseconds} ms (goal ${line.goal}), ${seen.bytes} bytes, ${seen.requests} requests`
    test.info().annotations.push({ type: 'load', description: told })
    process.stdout.write(`    form on ${told}\n`)
    expect(seen.bytes).toBeLessThan(90 * 1024)
    expect(seen.requests).toBeLessThanOrEqual(10)
  })
}

test('the login of the console', async ({ open, world }) => {
  const seen = await load(await open(DESK), `${world.origin}/console/`, '用户名', LINES[1] as (typeof LINES)[number])
  process.stdout.write(`    login: ${seen.milliseconds} ms, ${seen.bytes} bytes, ${seen.requests} requests\n`)
  expect(seen.bytes).toBeLessThan(350 * 1024)
})
