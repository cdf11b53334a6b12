import type { Page } from '@playwright/test'

/** What a page did to call its agent, in its order. */
export type Call =
  { kind: 'unlocked' } | { kind: 'tone'; frequency: number } | { kind: 'notification'; title: string; body: string }

interface Ears {
  calls: Call[]
  focused: boolean
}

/** Listens to the sounds and the desktop notifications of a page, which a headless browser has none of. */
export class Alarm {
  private constructor(private readonly page: Page) {}

  /** Takes hold of a page before it is opened. */
  static async of(page: Page): Promise<Alarm> {
    await page.addInitScript(() => {
      const ears: Ears = { calls: [], focused: true }
      class Context {
        state = 'suspended'
        currentTime = 0
        destination = {}
        resume() {
          this.state = 'running'
          ears.calls.push({ kind: 'unlocked' })
          return Promise.resolve()
        }
        createGain() {
          const gain = {
            setValueAtTime: () => gain,
            linearRampToValueAtTime: () => gain,
            exponentialRampToValueAtTime: () => gain,
          }
          return { gain, connect: (next: unknown) => next }
        }
        createOscillator() {
          const frequency = { value: 0 }
          const start = () => void ears.calls.push({ kind: 'tone', frequency: frequency.value })
          return { frequency, start, stop: () => undefined, connect: (next: unknown) => next }
        }
      }
      class Note {
        static permission = 'default'
        static requestPermission() {
          Note.permission = 'granted'
          return Promise.resolve('granted')
        }
        onclick: (() => void) | null = null
        constructor(title: string, options: { body?: string }) {
          ears.calls.push({ kind: 'notification', title, body: options.body ?? '' })
          Object.assign(window, { lastNotification: this })
        }
        close() {}
      }
      Object.assign(window, { ears, AudioContext: Context, Notification: Note })
      document.hasFocus = () => ears.focused
    })
    return new Alarm(page)
  }

  /** What was heard and seen so far. */
  calls(): Promise<Call[]> {
    return this.page.evaluate(() => (window as unknown as { ears: Ears }).ears.calls)
  }

  /** The tones so far. */
  async tones(): Promise<number[]> {
    return (await this.calls()).flatMap((call) => (call.kind === 'tone' ? [call.frequency] : []))
  }

  /** The notifications so far. */
  async notifications(): Promise<{ title: string; body: string }[]> {
    return (await this.calls()).flatMap((call) =>
      call.kind === 'notification' ? [{ title: call.title, body: call.body }] : [],
    )
  }

  /** The agent looks at another window, or comes back. */
  async look(away: boolean): Promise<void> {
    await this.page.evaluate((away) => {
      ;(window as unknown as { ears: Ears }).ears.focused = !away
      dispatchEvent(new Event(away ? 'blur' : 'focus'))
    }, away)
  }

  /** Clicks the newest notification of the desktop. */
  async follow(): Promise<void> {
    await this.page.evaluate(() =>
      (window as unknown as { lastNotification: { onclick: () => void } }).lastNotification.onclick(),
    )
  }
}
