import { describe, expect, it } from 'vitest'
import { linkify } from '../src/linkify.ts'

const tappable = (text: string) =>
  linkify(text)
    .filter((piece) => piece.kind !== 'text')
    .map((piece) => [piece.kind, piece.text, piece.href])

describe('linkify', () => {
  it.each([
    [
      '请看 https://example.com/a?b=1&c=2。谢谢',
      [['url', 'https://example.com/a?b=1&c=2', 'https://example.com/a?b=1&c=2']],
    ],
    ['打开www.example.com登录', [['url', 'www.example.com', 'http://www.example.com']]],
    ['(见 http://a.com/x_(y)).', [['url', 'http://a.com/x_(y)', 'http://a.com/x_(y)']]],
    ['地址http://a.com，账号', [['url', 'http://a.com', 'http://a.com']]],
    [
      '电话13800138000，或010-12345678',
      [
        ['phone', '13800138000', 'tel:13800138000'],
        ['phone', '010-12345678', 'tel:010-12345678'.replace('-', '')],
      ],
    ],
    ['请拨 400-800-1234', [['phone', '400-800-1234', 'tel:4008001234']]],
    ['138 0013 8000', [['phone', '138 0013 8000', 'tel:13800138000']]],
    ['发到 help@example.com 吧', [['email', 'help@example.com', 'mailto:help@example.com']]],
    ['身份证 110101199003078888', []],
    ['单号 20261123138001380001', []],
    ['javascript:alert(1)', []],
    ['http://', []],
    ['没有链接', []],
  ])('finds what can be tapped in %s', (text, wanted) => {
    expect(tappable(text)).toEqual(wanted)
  })

  it('gives the text back when joined', () => {
    for (const text of ['', 'a', 'x http://a.com/), 13800138000 b@c.com y', '\n\nhttp://a.com\n']) {
      expect(
        linkify(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text)
    }
  })

  it('does not stall on the longest message', () => {
    const started = performance.now()
    for (const char of ['1', 'a', 'a.', '1-', '@', '(', 'www.']) linkify(char.repeat(4000).slice(0, 4000))
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
