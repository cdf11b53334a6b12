/** What an agent does by a key. */
export type DeskAction =
  | 'next'
  | 'previous'
  | 'reply'
  | 'note'
  | 'quick'
  | 'transfer'
  | 'close'
  | 'later'
  | 'status'
  | 'search'
  | 'help'
  | `tab${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`

/** The keys, by their place on the keyboard. Never Alt+A or Ctrl+Alt+A (screenshots of WeChat and QQ), nor Ctrl+Space
    (the input method). */
export const SHORTCUTS: Readonly<Record<string, DeskAction>> = {
  KeyJ: 'next',
  KeyK: 'previous',
  KeyR: 'reply',
  KeyN: 'note',
  Slash: 'quick',
  KeyT: 'transfer',
  KeyE: 'close',
  KeyU: 'later',
  KeyS: 'status',
  KeyF: 'search',
  'Shift+Slash': 'help',
  'Alt+Digit1': 'tab1',
  'Alt+Digit2': 'tab2',
  'Alt+Digit3': 'tab3',
  'Alt+Digit4': 'tab4',
  'Alt+Digit5': 'tab5',
  'Alt+Digit6': 'tab6',
  'Alt+Digit7': 'tab7',
  'Alt+Digit8': 'tab8',
  'Alt+Digit9': 'tab9',
}

/** The help sheet: what is done, by which keys. */
export const SHEET: readonly { keys: readonly string[]; text: string }[] = [
  { keys: ['Ctrl K'], text: 'palette' },
  { keys: ['J', 'K'], text: 'walk' },
  { keys: ['Alt 1…9'], text: 'tabs' },
  { keys: ['R'], text: 'reply' },
  { keys: ['N'], text: 'note' },
  { keys: ['/'], text: 'quick' },
  { keys: ['T'], text: 'transfer' },
  { keys: ['E'], text: 'close' },
  { keys: ['U'], text: 'later' },
  { keys: ['S'], text: 'status' },
  { keys: ['F'], text: 'search' },
  { keys: ['Ctrl Z'], text: 'undo' },
  { keys: ['Esc'], text: 'escape' },
  { keys: ['?'], text: 'help' },
]
