import { describe, expect, it } from 'vitest'
import { codeIn, emptyForm, plainPhone, spokenPhone, tidy, wrongField } from '../src/steps/form/check.ts'

describe('the form', () => {
  it('wants a name, a mobile number and six digits', () => {
    const wrong = (fields: Partial<typeof emptyForm>, leaves = false) =>
      (Object.keys(emptyForm) as (keyof typeof emptyForm)[])
        .map((name) => wrongField(name, { ...emptyForm, ...fields }, leaves))
        .filter(Boolean)
    expect(wrong({})).toEqual(['wrong.name', 'wrong.phone', 'wrong.code'])
    expect(wrong({ name: '王芳', phone: '138 0013 8000', code: '012345' })).toEqual([])
    expect(wrong({ name: '  ', phone: '1380013800', code: '12345a' })).toHaveLength(3)
    expect(wrong({ name: '王芳', phone: '13800138000', code: '012345', emergencyPhone: '家里' })).toEqual([
      'wrong.emergency',
    ])
    expect(wrong({ name: '王芳', phone: '13800138000', code: '012345' }, true)).toEqual(['wrong.message'])
  })

  it.each([
    ['138 0013 8000', '13800138000'],
    ['138-0013-8000', '13800138000'],
    ['+86 13800138000', '13800138000'],
    ['8613800138000', '13800138000'],
    ['13800138000', '13800138000'],
    ['86138', '86138'],
    ['１３８００１３８０００', '13800138000'],
  ])('reads %s as %s', (typed, wanted) => {
    expect(plainPhone(typed)).toBe(wanted)
  })

  it.each([
    ['012345', '012345'],
    [' 012 345 ', '012345'],
    ['【客服】您的验证码是 402817，10 分钟内有效', '402817'],
    ['０１２３４５', '012345'],
    ['订单 20260101 已到', '订单 20260101 已到'],
    ['12345', '12345'],
  ])('finds in %s the code %s', (pasted, wanted) => {
    expect(codeIn(pasted)).toBe(wanted)
  })

  it('reads a number out in groups, and sends it without blanks', () => {
    expect(spokenPhone('13800138000')).toBe('138 0013 8000')
    const sent = tidy({ ...emptyForm, name: ' 王芳 ', phone: '138 0013 8000', question: '\n打不开 ' })
    expect([sent.name, sent.phone, sent.question]).toEqual(['王芳', '13800138000', '打不开'])
  })
})
