import { beforeAll, describe, expect, it } from 'vitest'

import { loadSpeller, type Speller } from '../../app/match.ts'
import { reply } from '../sample.ts'
import { fillIn, findReplies, slashQuery } from './quick.ts'

const replies = [
  reply('打印机设置', { shortcut: 'print', content: '请打开“设备和打印机”' }),
  reply('开场问候', { shortcut: 'hello', category: '问候', content: '{{customer}}您好，我是{{agent}}' }),
  reply('疫苗接种建档', { content: '请先建档，再登记接种' }),
]
const titles = (query: string, spell?: Speller) => findReplies(replies, query, spell).map((found) => found.title)

describe('finding a quick reply', () => {
  let spell: Speller
  beforeAll(async () => {
    spell = await loadSpeller()
  })

  it('finds all without a word', () => expect(titles('', spell)).toHaveLength(3))
  it('finds by shortcut', () => expect(titles('pri', spell)[0]).toBe('打印机设置'))
  it('finds by Chinese', () => expect(titles('接种', spell)).toEqual(['疫苗接种建档']))
  it('finds by pinyin', () => expect(titles('dayin', spell)).toEqual(['打印机设置']))
  it('finds by initials', () => expect(titles('ymjz', spell)).toEqual(['疫苗接种建档']))
  it('finds by pinyin in the middle', () => expect(titles('jiandang', spell)).toEqual(['疫苗接种建档']))
  it('finds by category', () => expect(titles('问候', spell)).toEqual(['开场问候']))
  it('finds nothing for nonsense', () => expect(titles('zzzz', spell)).toEqual([]))
  it('works without pinyin', () => expect(titles('dayin')).toEqual([]))
})

describe('the slash', () => {
  it('asks at the beginning and after a space', () => {
    expect(slashQuery('/dy', 3)).toEqual({ from: 0, query: 'dy' })
    expect(slashQuery('您好 /dy', 6)).toEqual({ from: 3, query: 'dy' })
  })
  it('is the Chinese keyboard’s as well', () => expect(slashQuery('、dy', 3)).toEqual({ from: 0, query: 'dy' }))
  it('is no question within a word, an address or before the caret', () => {
    expect(slashQuery('1/2', 3)).toBeNull()
    expect(slashQuery('http://a', 8)).toBeNull()
    expect(slashQuery('/dy 好', 5)).toBeNull()
  })
})

describe('the variables', () => {
  it('are filled in', () => {
    const text = fillIn('{{customer}}您好，我是{{agent}}', { customer: '王医生', agent: '刘洋' })
    expect(text).toBe('王医生您好，我是刘洋')
  })
})
