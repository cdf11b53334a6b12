import { describe, expect, it } from 'vitest'

import { isComposing, shortcutOf } from './keys.ts'

const shortcuts = { KeyJ: 'next', 'Alt+Digit1': 'tab', 'Shift+Slash': 'help' }
const key = (init: KeyboardEventInit & { keyCode?: number }, on: HTMLElement = document.body) => {
  const event = new KeyboardEvent('keydown', init)
  Object.defineProperty(event, 'target', { value: on })
  Object.defineProperty(event, 'keyCode', { value: init.keyCode ?? 0 })
  return event
}
const textarea = document.createElement('textarea')

describe('the guard of the keyboard', () => {
  it('finds a key by its place', () => {
    expect(shortcutOf(key({ code: 'KeyJ', key: 'о' }), shortcuts, true, false)).toBe('next')
    expect(shortcutOf(key({ code: 'Slash', shiftKey: true }), shortcuts, true, false)).toBe('help')
  })

  it('leaves keys to the input method', () => {
    expect(isComposing(key({ code: 'Enter', isComposing: true }))).toBe(true)
    // Safari: the composition has ended, the key still belongs to it.
    expect(isComposing(key({ code: 'Enter', keyCode: 229 }))).toBe(true)
    expect(shortcutOf(key({ code: 'KeyJ', isComposing: true }), shortcuts, true, false)).toBeUndefined()
    expect(shortcutOf(key({ code: 'KeyJ', keyCode: 229 }), shortcuts, true, false)).toBeUndefined()
  })

  it('leaves single keys to whoever writes, but not those with Alt', () => {
    expect(shortcutOf(key({ code: 'KeyJ' }, textarea), shortcuts, true, false)).toBeUndefined()
    expect(shortcutOf(key({ code: 'Digit1', altKey: true }, textarea), shortcuts, true, false)).toBe('tab')
  })

  it('can be without single keys', () => {
    expect(shortcutOf(key({ code: 'KeyJ' }), shortcuts, false, false)).toBeUndefined()
    expect(shortcutOf(key({ code: 'Digit1', altKey: true }), shortcuts, false, false)).toBe('tab')
  })

  it('does nothing behind a dialog, nor with other modifiers', () => {
    expect(shortcutOf(key({ code: 'KeyJ' }), shortcuts, true, true)).toBeUndefined()
    expect(shortcutOf(key({ code: 'KeyJ', ctrlKey: true }), shortcuts, true, false)).toBeUndefined()
    expect(shortcutOf(key({ code: 'Digit1', altKey: true, ctrlKey: true }), shortcuts, true, false)).toBeUndefined()
  })
})
