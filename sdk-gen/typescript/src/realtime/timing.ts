/** A random time from half a second to a bound that doubles with each failure, up to half a minute. */
export function backOff(failures: number): number {
  return 500 + Math.random() * (Math.min(30_000, 1000 * 2 ** failures) - 500)
}

/**
 * A random time from half a second to a bound that grows with the length of an outage, up to half a minute: whoever
 * was away for ten seconds is back within three and a half, and a long outage does not end in a rush.
 */
export function backOffSince(failingSince: number): number {
  const bound = Math.min(30_000, Math.max(1000, (Date.now() - failingSince) / 3))
  return 500 + Math.random() * (bound - 500)
}

/** A wait that can be cut short. */
export class Pause {
  private wake: (() => void) | null = null

  /** Waits for so long, or until it is cut short. */
  wait(ms: number): Promise<void> {
    this.cut()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.cut(), ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Ends the wait now. */
  cut(): void {
    const wake = this.wake
    this.wake = null
    wake?.()
  }
}

/** How many frames may still be sent: the server closes on more than 120 a minute, or 60 at once. */
export class Allowance {
  private left = 50
  private at = Date.now()

  /** Takes one, unless no more than `reserve` are left. */
  take(reserve = 0): boolean {
    const now = Date.now()
    this.left = Math.min(50, this.left + Math.max(0, now - this.at) / 600)
    this.at = now
    if (this.left < reserve + 1) return false
    this.left--
    return true
  }
}
