import { expect, it } from 'vitest'
import { toCsv } from './csv.ts'

it('quotes what needs it and nothing else', () => {
  expect(
    toCsv([
      ['姓名', 'note'],
      ['王芳', 'a,"b"\nc'],
    ]),
  ).toBe('\uFEFF姓名,note\r\n王芳,"a,""b""\nc"\r\n')
})

it('lets no cell be a formula', () => {
  expect(toCsv([['=1+1', '@x', '-2', 'plain']])).toBe("\uFEFF'=1+1,'@x,'-2,plain\r\n")
})
