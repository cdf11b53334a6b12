import { onScopeDispose, shallowReactive } from 'vue'

/** Something that can be found and done with Ctrl+K. */
export interface Command {
  id: string
  /** What it is called, in the user's language. */
  title: string
  /** What is found by it besides, as an institution. */
  more?: string
  /** Its own shortcut, shown beside it. */
  keys?: string
  run: () => void
}

const sources = shallowReactive(new Set<() => Command[]>())

/** Offers commands while the component lives; they are asked for whenever the palette is opened. */
export function provideCommands(source: () => Command[]): void {
  sources.add(source)
  onScopeDispose(() => sources.delete(source))
}

/** Everything that can be done now. */
export function allCommands(): Command[] {
  return [...sources].flatMap((source) => source())
}
