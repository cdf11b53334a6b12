/** The part of a keyboard event that the guards look at. */
export type Key = Pick<
  KeyboardEvent,
  'isComposing' | 'keyCode' | 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'target' | 'code'
>

/** Whether a key belongs to an input method that is composing. Safari ends the composition before the keydown, so the
    old key code has to tell as well. */
export function isComposing(event: Key): boolean {
  return event.isComposing || event.keyCode === 229
}

/** Whether somebody is writing where the event happens. */
export function isWriting(event: Key): boolean {
  const target = event.target
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

/** Whether a dialog or a menu has the keyboard. */
export function isBehindDialog(): boolean {
  const dialogs = document.querySelectorAll('[aria-modal="true"], [role="menu"]')
  return [...dialogs].some((dialog) => dialog.getClientRects().length > 0)
}

/** A shortcut's name for a key: modifiers, then `event.code`, as `Alt+Digit1`, `KeyJ`, `Shift+Slash`. The code names
    the place on the keyboard, so it stays where it is under a Chinese input method. */
export function nameOf(event: Key): string {
  // The question mark stands elsewhere on other keyboards.
  if (event.key === '?') return 'Shift+Slash'
  const ctrl = event.ctrlKey || event.metaKey
  return `${ctrl ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${event.shiftKey ? 'Shift+' : ''}${event.code}`
}

/** Finds what a key does: never while composing; without Ctrl or Alt only where nobody writes, no dialog is open and
    single keys are switched on. */
export function shortcutOf<T>(
  event: Key,
  shortcuts: Readonly<Record<string, T>>,
  singleKeys: boolean,
  behindDialog: boolean,
): T | undefined {
  if (isComposing(event) || behindDialog) return undefined
  // AltGr types letters on some keyboards; it is Ctrl and Alt at once.
  if (event.ctrlKey && event.altKey) return undefined
  const single = !event.ctrlKey && !event.metaKey && !event.altKey
  if (single && (!singleKeys || isWriting(event))) return undefined
  return shortcuts[nameOf(event)]
}
