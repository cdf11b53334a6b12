/** What the tabs of a browser hear of each other. */
export interface TabsListener<T> {
  /** This tab is the leader from now on. */
  onLead(): void
  /** Another tab has taken over. */
  onFollow(): void
  onMessage(message: T): void
  /** The time to ask the leader how things stand: a new one leads, or nothing was heard for a while. */
  onAsk(): void
}

/** How often a visible tab asks whether the leader lives, and how long the leader may take to answer. */
const ASK_MS = 10_000
const ANSWER_MS = 4000

/**
 * The tabs of a browser that share one connection: one leads by holding a lock, and all talk over a channel. A leader
 * that does not answer (a frozen tab) is replaced. Without locks or channels each tab leads itself.
 */
export class Tabs<T> {
  /** Whether this tab leads. */
  leads = false

  private channel: BroadcastChannel | null = null
  private release: (() => void) | null = null
  private readonly stopping = new AbortController()
  private asking?: ReturnType<typeof setInterval>
  private deadline?: ReturnType<typeof setTimeout>

  constructor(
    private readonly name: string,
    shared: boolean,
    private readonly listener: TabsListener<T>,
  ) {
    const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
    if (!shared || !locks || typeof BroadcastChannel === 'undefined') {
      this.leads = true
      queueMicrotask(() => {
        if (!this.stopping.signal.aborted) listener.onLead()
      })
      return
    }
    this.channel = new BroadcastChannel(name)
    this.channel.onmessage = (event: MessageEvent<{ leads: boolean; message: T }>) => {
      if (event.data.leads) clearTimeout(this.deadline)
      listener.onMessage(event.data.message)
    }
    void this.stand(locks, false)
    queueMicrotask(() => this.ask())
    this.asking = setInterval(() => this.ask(), ASK_MS)
  }

  /** Tells the other tabs. */
  post(message: T): void {
    this.channel?.postMessage({ leads: this.leads, message })
  }

  /** Asks the leader, and replaces one that does not answer. */
  ask(): void {
    if (this.leads || !this.channel || hidden()) return
    this.listener.onAsk()
    clearTimeout(this.deadline)
    this.deadline = setTimeout(() => void this.stand(navigator.locks, true), ANSWER_MS)
  }

  /** Leaves the others alone. */
  stop(): void {
    this.stopping.abort()
    clearInterval(this.asking)
    clearTimeout(this.deadline)
    this.leads = false
    this.release?.()
    this.channel?.close()
    this.channel = null
  }

  /** Waits for the lock, and leads for as long as it is ours. */
  private async stand(locks: LockManager, steal: boolean): Promise<void> {
    const { signal } = this.stopping
    try {
      await locks.request(this.name, steal ? { steal } : { signal }, () => {
        if (signal.aborted || this.leads) return undefined
        this.lead()
        return new Promise<void>((resolve) => (this.release = resolve))
      })
    } catch {
      if (signal.aborted) return
      // Locks are forbidden here.
      if (!this.leads) return this.lead()
      // Another tab has stolen it: this one had not answered.
      this.leads = false
      this.release = null
      this.listener.onFollow()
      void this.stand(locks, false)
    }
  }

  private lead(): void {
    this.leads = true
    clearTimeout(this.deadline)
    this.listener.onLead()
  }
}

function hidden(): boolean {
  return typeof document !== 'undefined' && document.visibilityState === 'hidden'
}
