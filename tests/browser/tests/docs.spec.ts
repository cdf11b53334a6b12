import { DESK, expect, test } from '../support/test.ts'
import { PASSWORD } from '../support/world.ts'

test('the API reference shows every method, and tries them out with a token', async ({ open, server, admin }) => {
  const page = await open(DESK)
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(server.origin) && !request.url().startsWith('data:')) elsewhere.push(request.url())
  })
  await page.goto(`${server.origin}/docs`)
  await expect(page.getByRole('heading', { name: 'Kefu' })).toBeVisible()

  const { accessToken } = await admin.login({ username: 'admin', password: PASSWORD })
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.getByLabel('auth-bearer-value').fill(accessToken)
  await page.getByLabel('Apply credentials').click()
  await page.getByRole('button', { name: 'Close' }).click()

  await page.locator('#operations-tag-User').click()
  const method = page.locator('#operations-User-getUserInfo')
  await method.getByRole('button').first().click()
  await method.getByRole('button', { name: 'Execute' }).click()
  await expect(method.locator('.live-responses-table .response-col_status').last()).toContainText('200')
  await expect(method.locator('.live-responses-table')).toContainText('"username": "admin"')
  expect(elsewhere).toEqual([])
})
