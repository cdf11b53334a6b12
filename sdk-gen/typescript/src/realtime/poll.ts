import { KefuError } from '../error.js'
import type { Frame, PollEventsResponse } from '../generated/types.js'
import type { Kefu } from '../kefu.js'
import { backOffSince, Pause } from './timing.js'
import type { InboundFrame } from './wire.js'

/** What a poll tells. */
export interface PollListener {
  onFrame(frame: InboundFrame): void
  /** It gets answers, or gets none any more. */
  onHealth(healthy: boolean): void
  /** It can never get any. */
  onRefused(error: KefuError): void
}

const WAIT_S = 25
/** An answer that is not there so long after it was due does not come. */
const LATE_S = 7
const REFUSALS: KefuError['reason'][] = ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'PASSWORD_CHANGE_REQUIRED']

/** The long poll: receives what a socket would, where there can be none. */
export class Poll {
  /** The last call got its answer; null before the first. */
  healthy: boolean | null = null
  private readonly controller = new AbortController()
  private readonly pause = new Pause()

  constructor(
    private readonly kefu: Kefu,
    private readonly listener: PollListener,
  ) {
    void this.run()
  }

  /** Ends it. */
  stop(): void {
    this.healthy = false
    this.controller.abort()
    this.pause.cut()
  }

  /** Tries at once, if it waits to try again. */
  hurry(): void {
    this.pause.cut()
  }

  private async run(): Promise<void> {
    const { signal } = this.controller
    let since = ''
    let failingSince = 0
    while (!signal.aborted) {
      try {
        // Whether there is anybody at all is to be known at once, not only when there is news.
        const wait = since && this.healthy ? WAIT_S : 0
        const page = await this.kefu.pollEvents({ since, wait }, { signal, timeoutMs: (wait + LATE_S) * 1000 })
        if (signal.aborted) return
        failingSince = 0
        this.turn(true)
        this.tell(page, since === '')
        since = page.next
      } catch (error) {
        if (signal.aborted || !(error instanceof KefuError)) return
        if (REFUSALS.includes(error.reason)) return this.listener.onRefused(error)
        // A cursor that the server does not take: begin anew.
        if (error.status === 400) since = ''
        this.turn(false)
        failingSince ||= Date.now()
        await this.pause.wait(error.retryAfterMs ?? backOffSince(failingSince))
      }
    }
  }

  private turn(healthy: boolean): void {
    if (this.healthy === healthy) return
    this.healthy = healthy
    this.listener.onHealth(healthy)
  }

  private tell(page: PollEventsResponse, first: boolean): void {
    for (const item of page.list) {
      const frame = frameOf(item)
      if (frame) this.listener.onFrame(frame)
      // The first answer tells where the followed sessions stand, not what came before.
      if (first && frame?.type === 'session_update') {
        const { id, lastSeq } = frame.data
        this.listener.onFrame({ type: 'head', data: { sessionId: id, head: lastSeq } })
      }
    }
  }
}

function frameOf(item: Frame): InboundFrame | null {
  if (item.message) return { type: 'message', data: item.message }
  if (item.sessionUpdate) return { type: 'session_update', data: item.sessionUpdate }
  if (item.statusUpdate) return { type: 'status_update', data: item.statusUpdate }
  if (item.notification) return { type: 'notification', data: item.notification }
  if (item.typing) return { type: 'typing', data: item.typing }
  if (item.viewers) return { type: 'viewers', data: item.viewers }
  return item.resync ? { type: 'resync', data: item.resync } : null
}
