import { KefuError } from '../error.js'
import type {
  Message,
  MessageFrame,
  NotificationFrame,
  Resync,
  Session,
  StatusUpdate,
  Typing,
  Viewers,
} from '../generated/types.js'

/** What a server tells, by the type of the frame; whether it came over a socket or a poll. */
export interface Inbound {
  message: MessageFrame
  session_update: Session
  status_update: StatusUpdate
  notification: NotificationFrame
  typing: Typing
  viewers: Viewers
  resync: Resync
  /** The newest sequence of a session that is followed; what is missing must be read. */
  head: { sessionId: string; head: number }
}

/** A frame from the server that concerns whoever uses the client, not only the connection. */
export type InboundFrame = { [K in keyof Inbound]: { type: K; data: Inbound[K] } }[keyof Inbound]

/** The answer to `auth`. */
export interface AuthOk {
  userId: string
  epoch: string
  heartbeatMs: number
}

/** The answer to a message that was stored. */
export interface Accepted {
  sessionId: string
  clientMsgId: string
  seq: number
  /** The whole message, where the answer brings it. */
  message?: Message
}

/** What went wrong: with a frame of ours (`ref`), or with the connection (`fatal`). */
export interface ErrorFrame {
  code: number
  message: string
  reason: KefuError['reason']
  details?: { field: string; reason: string }[]
  ref?: string | null
  retryAfterMs?: number | null
  fatal?: boolean
}

const REASONS: Record<number, KefuError['reason']> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  409: 'CONFLICT',
  410: 'UNAUTHENTICATED',
  429: 'TOO_MANY_REQUESTS',
}

/** A close code as the HTTP status that means the same. */
export function statusOf(code: number): number {
  if (code >= 4400) return code - 4000
  return code === 1009 ? 413 : code >= 1000 ? 400 : code
}

/** An error frame as an error. Of a fatal one the code is the close code, and the reason may be no stable one. */
export function errorOf(frame: ErrorFrame): KefuError {
  const status = statusOf(frame.code)
  return new KefuError({
    status,
    reason: /^[A-Z_]+$/.test(frame.reason) ? frame.reason : (REASONS[status] ?? 'INTERNAL'),
    message: frame.message,
    details: frame.details,
    retryAfterMs: frame.retryAfterMs ?? undefined,
  })
}
