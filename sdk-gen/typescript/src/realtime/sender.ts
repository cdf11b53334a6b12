import { isPassing, KefuError, ownError } from '../error.js'
import type { Kefu } from '../kefu.js'
import type { Outbox, Outgoing } from './outbox.js'
import { backOff } from './timing.js'
import type { Accepted } from './wire.js'

/** How a sender reaches the server, and whom it tells. */
export interface SenderListener {
  /** Whether there is a point in sending. */
  ready(): boolean
  /** Sends a frame over the socket, if that is possible now. */
  send(type: string, data: object): boolean
  /** The socket did not answer. */
  onSilence(): void
  onChange(item: Outgoing): void
  onAccepted(accepted: Accepted): void
}

/** So long the answer to a message may take. */
const ANSWER_MS = 15_000

interface Asked {
  resolve(accepted: Accepted): void
  reject(error: KefuError): void
}

/**
 * Sends what is in the outbox, each session's messages one after the other. What was not answered is sent again under
 * the same `clientMsgId`, which the server stores once; what was refused stays, and says why.
 */
export class Sender {
  private readonly asked = new Map<string, Asked>()
  private readonly busy = new Set<string>()
  private readonly failures = new Map<string, number>()
  private stopped = false

  constructor(
    private readonly kefu: Kefu,
    private readonly outbox: Outbox,
    private readonly listener: SenderListener,
  ) {}

  /** Sends whatever can be sent now. */
  pump(): void {
    if (this.stopped || !this.listener.ready()) return
    for (const item of this.outbox.list()) {
      if (item.state === 'failed' || this.busy.has(item.sessionId)) continue
      this.busy.add(item.sessionId)
      void this.work(item)
    }
  }

  /** The server has stored a message. */
  accepted(accepted: Accepted): void {
    this.asked.get(accepted.clientMsgId)?.resolve(accepted)
  }

  /** The server has refused a frame. */
  refused(clientMsgId: string, error: KefuError): void {
    this.asked.get(clientMsgId)?.reject(error)
  }

  /** The socket has gone: what it has not answered is sent again; or, with an error, was its end. */
  lost(error?: KefuError): void {
    const asked = [...this.asked.values()]
    asked.forEach(({ reject }) => reject(error ?? ownError('NETWORK', this.kefu.language)))
  }

  /** Sends nothing any more. */
  stop(): void {
    this.stopped = true
    this.lost()
  }

  private async work(item: Outgoing): Promise<void> {
    const { sessionId, clientMsgId } = item
    this.change({ ...item, state: 'sending', error: undefined })
    let pause = 0
    try {
      const accepted = await this.deliver(item)
      this.failures.delete(sessionId)
      this.outbox.remove(clientMsgId)
      this.listener.onAccepted(accepted)
    } catch (error) {
      if (!(error instanceof KefuError)) throw error
      pause = this.settle(item, error)
    }
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    this.busy.delete(sessionId)
    this.pump()
  }

  /** What becomes of a message that did not arrive; says after how long to send it again. */
  private settle(item: Outgoing, error: KefuError): number {
    // Given up meanwhile.
    if (!this.outbox.get(item.clientMsgId)) return 0
    const again = isPassing(error) || error.status === 401
    this.change({ ...item, state: again ? 'waiting' : 'failed', error: again ? undefined : error })
    if (!again || this.stopped) return 0
    const failures = this.failures.get(item.sessionId) ?? 0
    this.failures.set(item.sessionId, failures + 1)
    // A lost connection is waited for anyway.
    return error.retryAfterMs ?? (this.listener.ready() || failures > 0 ? backOff(failures) : 0)
  }

  private async deliver(item: Outgoing): Promise<Accepted> {
    const { sessionId, clientMsgId, content, contentType, fileId, quoteMessageId } = item
    const body = { clientMsgId, content, contentType, fileId, quoteMessageId }
    const answer = new Promise<Accepted>((resolve, reject) => this.asked.set(clientMsgId, { resolve, reject }))
    try {
      if (this.listener.send('message', { sessionId, ...body })) return await this.inTime(clientMsgId, answer)
    } finally {
      this.asked.delete(clientMsgId)
    }
    const { message } = await this.kefu.sendMessage({ id: sessionId, ...body })
    return { sessionId, clientMsgId, seq: message?.seq ?? 0, message: message ?? undefined }
  }

  private async inTime(clientMsgId: string, answer: Promise<Accepted>): Promise<Accepted> {
    const timer = setTimeout(() => {
      this.refused(clientMsgId, ownError('TIMEOUT', this.kefu.language))
      this.listener.onSilence()
    }, ANSWER_MS)
    try {
      return await answer
    } finally {
      clearTimeout(timer)
    }
  }

  private change(item: Outgoing): void {
    // A leader that has been replaced does not write any more.
    if (this.stopped) return
    this.outbox.put(item)
    this.listener.onChange(item)
  }
}
