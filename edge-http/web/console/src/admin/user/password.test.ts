import { expect, it } from 'vitest'
import { newPassword } from './password.ts'

it('is long, never the same, and easily read', () => {
  const many = new Set(Array.from({ length: 200 }, newPassword))
  expect(many.size).toBe(200)
  for (const password of many) expect(password).toMatch(/^[a-km-np-zA-HJ-NP-Z2-9]{14}$/)
})
