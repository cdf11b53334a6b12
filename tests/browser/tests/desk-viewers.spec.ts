import { Desk } from '../support/agent.ts'
import { DESK, expect, PHONE, test } from '../support/test.ts'

test('colleagues see who else has a conversation open, until they leave it', async ({ open, world }) => {
  const agent = new Desk(await open(DESK), world.origin, await world.person('agent', '王工'))
  await agent.login()
  await agent.goOnline()
  const { sessionId } = await world.waiting('张医生', '你好')
  await agent.open('张医生')
  const supervisor = new Desk(await open(PHONE), world.origin, await world.person('supervisor', '刘工'))
  await supervisor.login()
  const seen = agent.conversation('张医生').getByRole('status').filter({ hasText: '其他人正在查看：刘工' })

  // The board watches in silence.
  await supervisor.page.goto(`${world.origin}/console/board?session=${sessionId}`)
  await expect(supervisor.messages.getByText('你好')).toBeVisible()
  const { viewers } = await agent.person.kefu.viewSession({ id: sessionId, clientId: 'test' })
  expect(viewers?.list.map(({ name }) => name)).toEqual(['王工'])
  await expect(agent.conversation('张医生')).not.toContainText('正在查看')

  await supervisor.page.goto(`${world.origin}/console/workbench/${sessionId}`)
  await expect(seen).toBeVisible()
  const other = supervisor.conversation('张医生').getByText('其他人正在查看：王工')
  await expect(other).toBeVisible()
  const { x, width } = (await other.boundingBox()) ?? { x: -1, width: 0 }
  expect(x).toBeGreaterThanOrEqual(0)
  expect(x + width).toBeLessThanOrEqual(360)

  await supervisor.page.getByRole('button', { name: '返回' }).click()
  await expect(agent.conversation('张医生')).not.toContainText('正在查看')
  // Closing the page is leaving too.
  await supervisor.page.goto(`${world.origin}/console/workbench/${sessionId}`)
  await expect(seen).toBeVisible()
  await supervisor.page.close()
  await expect(agent.conversation('张医生')).not.toContainText('正在查看')
})
