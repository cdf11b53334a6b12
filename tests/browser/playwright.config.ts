import { defineConfig } from '@playwright/test'

/** Headless, as root, and without asking anybody on the internet for anything. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Pages that a test hands out itself come from nowhere, and may call this machine all the same.
  ...(process.env.KEFU_TEST_PAGES ? ['--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessForWorkers'] : []),
]

export default defineConfig({
  testDir: 'tests',
  outputDir: 'artefacts/traces',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['html', { outputFolder: 'artefacts/report', open: 'never' }]],
  use: {
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    actionTimeout: 15_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS },
  },
})
