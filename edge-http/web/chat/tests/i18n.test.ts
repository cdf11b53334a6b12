// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest'
import { t, useLanguage } from '../src/i18n/index.ts'
import { en } from '../src/i18n/en.ts'
import { zh } from '../src/i18n/zh-CN.ts'

const blanks = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()

describe('texts', () => {
  afterEach(() => useLanguage('zh-CN'))

  it('have the same blanks in both languages', () => {
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      const known = blanks(zh[key])
      for (const form of en[key].split('|')) {
        expect(
          blanks(form).filter((blank) => !known.includes(blank)),
          key,
        ).toEqual([])
      }
    }
  })

  it('are filled in, one and many told apart', async () => {
    expect(t('talk.pill', { n: 3 })).toBe('3 条新消息')
    await useLanguage('en')
    expect([t('talk.pill', { n: 1 }), t('talk.pill', { n: 2 })]).toEqual(['1 new message', '2 new messages'])
    expect(document.documentElement.lang).toBe('en')
  })

  it('never say a word of ours to a customer', () => {
    const ours = /会话|工单|令牌|session|ticket|token/i
    for (const text of [...Object.values(zh), ...Object.values(en)]) expect(text).not.toMatch(ours)
  })
})
