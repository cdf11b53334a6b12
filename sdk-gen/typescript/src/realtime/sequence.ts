import { KefuError } from '../error.js'
import type { Message } from '../generated/types.js'
import type { Kefu } from '../kefu.js'
import { backOff, Pause } from './timing.js'

/** What a sequence gives. */
export interface SequenceListener {
  /** The next message; each once, seq strictly upward. */
  onMessage(message: Message): void
  /** A message that was given before has been recalled. */
  onRecall(message: Message): void
}

/** So long a message may be late before it is read. */
const LATE_MS = 300

/** One session's messages in order: drops what comes twice, waits with what comes early, reads what is missing. */
export class Sequence {
  /** The last message given; null before the first. */
  last: number | null = null

  private readonly early = new Map<number, Message>()
  private readonly recalled = new Set<number>()
  private head = 0
  private held = false
  private reading = false
  private stopped = false
  /** Counts the histories. */
  private round = 0
  private readonly pause = new Pause()

  constructor(
    private readonly kefu: Kefu,
    private readonly sessionId: string,
    private readonly listener: SequenceListener,
  ) {}

  /** A message has come, from wherever. */
  push(message: Message): void {
    const { seq } = message
    // Without a beginning, a recall is of something before it.
    if (this.last === null ? message.recalled && !this.held : seq <= this.last) return this.recall(message)
    this.early.set(seq, message)
    this.notice(seq)
    // Where we begin: the server leaves nothing out.
    if (this.last === null && !this.held) this.last = seq - 1
    this.settle()
  }

  /** There are messages up to this one; what is missing is read. */
  notice(head: number): void {
    this.head = Math.max(this.head, head)
    if (this.last !== null && this.head > this.last) void this.read()
  }

  /** Gives nothing before `begin` says where: the history is being read. */
  hold(): void {
    if (this.last === null) this.held = true
  }

  /** The history has been read up to here; `null` if that failed. */
  begin(last: number | null): void {
    this.held = false
    if (this.last !== null) return
    for (const message of [...this.early.values()]) {
      if (last === null || message.seq > last || !message.recalled) continue
      this.early.delete(message.seq)
      this.recall(message)
    }
    const first = Math.min(...this.early.keys())
    if (last === null && this.early.size === 0) return
    this.last = Math.min(last ?? Infinity, first - 1)
    this.settle()
    this.notice(this.head)
  }

  /** Forgets where we are: the history has changed under us. */
  reset(): void {
    this.round++
    this.last = null
    this.head = 0
    this.early.clear()
    this.recalled.clear()
  }

  /** Reads nothing any more. */
  stop(): void {
    this.stopped = true
    this.pause.cut()
  }

  /** Tries at once, if it waits to read again. */
  hurry(): void {
    this.pause.cut()
  }

  private recall(message: Message): void {
    if (!message.recalled || this.recalled.has(message.seq)) return
    this.recalled.add(message.seq)
    this.listener.onRecall(message)
  }

  private settle(): void {
    while (this.last !== null) {
      const next = this.early.get(this.last + 1)
      if (!next) return
      this.early.delete(next.seq)
      this.last = next.seq
      if (next.recalled) this.recalled.add(next.seq)
      this.listener.onMessage(next)
    }
  }

  private async read(): Promise<void> {
    if (this.reading || this.stopped) return
    this.reading = true
    await this.pause.wait(LATE_MS)
    for (let failures = 0; this.missing();) {
      const after = this.last ?? 0
      const { round } = this
      try {
        const request = { id: this.sessionId, afterSeq: after, size: 100, fromStart: after === 0 }
        const page = await this.kefu.listMessages(request)
        // Reset meanwhile: this is the history of before.
        if (round !== this.round) break
        failures = 0
        this.head = Math.max(page.head, ...this.early.keys())
        page.list.forEach((message) => this.push(message))
        // Nothing where something should be: not for us to see.
        if (page.list.length === 0) break
      } catch (error) {
        if (!(error instanceof KefuError) || [401, 403, 404].includes(error.status)) break
        await this.pause.wait(backOff(failures++))
      }
    }
    this.reading = false
  }

  private missing(): boolean {
    return !this.stopped && this.last !== null && this.head > this.last
  }
}
