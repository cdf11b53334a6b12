import type { Kefu } from '../kefu.js'

/** How marks reach the server. */
export interface MarksSender {
  /** Whether there is a point in sending. */
  ready(): boolean
  /** Sends a frame over the socket, if that is possible now. */
  send(type: string, data: object, reserve: number): boolean
  /** There is no socket; calls it is. */
  polling(): boolean
}

/** A mark. */
export interface Mark {
  sessionId: string
  seq: number
  kind: 'delivered' | 'read'
}

/** Marks are collected for so long: they are cumulative, and the server limits frames. */
const COLLECT_MS = 500
/** What was sent within this time before a socket broke is sent again. */
const LOST_MS = 5000
/** Frames left to messages. */
const RESERVE = 15

/** Tells the server up to where messages have arrived and were read. */
export class Marks {
  private readonly due = new Map<string, Mark>()
  private readonly told = new Map<string, { mark: Mark; at: number }>()
  private timer?: ReturnType<typeof setTimeout>

  constructor(
    private readonly kefu: Kefu,
    private readonly sender: MarksSender,
  ) {}

  /** Notes a mark. */
  add(mark: Mark): void {
    const key = `${mark.sessionId} ${mark.kind}`
    if (mark.seq <= Math.max(this.told.get(key)?.mark.seq ?? 0, this.due.get(key)?.seq ?? 0)) return
    this.due.set(key, mark)
    this.timer ??= setTimeout(() => this.flush(), COLLECT_MS)
  }

  /** Sends what is due, if there is a connection. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    if (!this.sender.ready()) return
    for (const [key, mark] of this.due) {
      const { sessionId, seq, kind } = mark
      // What was read has been delivered.
      const read = this.due.get(`${sessionId} read`)
      const covered = kind === 'delivered' && read !== undefined && read.seq >= seq
      if (!covered && !this.tell(mark)) {
        this.timer ??= setTimeout(() => this.flush(), COLLECT_MS)
        return
      }
      this.due.delete(key)
      this.told.set(key, { mark, at: Date.now() })
    }
  }

  /** The socket is gone, and with it perhaps what was sent last. */
  lost(): void {
    for (const [key, { mark, at }] of this.told) {
      if (Math.abs(Date.now() - at) > LOST_MS) continue
      this.told.delete(key)
      this.add(mark)
    }
  }

  /** Sends what is due a last time: the page may be about to go. */
  stop(): void {
    this.flush()
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private tell({ sessionId, seq, kind }: Mark): boolean {
    if (!this.sender.polling()) return this.sender.send('message_ack', { sessionId, seq, kind }, RESERVE)
    const request = { id: sessionId, seq, kind: kind === 'read' ? ('READ' as const) : ('DELIVERED' as const) }
    // A lost mark is made up for by the next.
    this.kefu.ackMessages(request).catch(() => this.told.delete(`${sessionId} ${kind}`))
    return true
  }
}
