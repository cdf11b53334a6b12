import type { ErrorReason } from './generated/reasons.js'

/** A field that was refused. */
export interface ErrorDetail {
  /** The path of the field. */
  field: string
  /** What is wrong with it. */
  reason: string
}

/** What an error is made of. */
export interface ErrorData {
  status: number
  reason: KefuError['reason']
  message: string
  details?: ErrorDetail[]
  retryAfterMs?: number
  requestId?: string
}

/** A call that failed. The message is for people, in the language of the client. */
export class KefuError extends Error {
  override readonly name = 'KefuError'
  /** The HTTP status; 0 when no answer came. */
  readonly status: number
  /** Why, for programs. */
  readonly reason: ErrorReason | 'NETWORK' | 'TIMEOUT' | 'ABORTED'
  /** The fields that were refused. */
  readonly details: ErrorDetail[]
  /** After how long to try again. */
  readonly retryAfterMs?: number
  /** Finds the call in the log. */
  readonly requestId?: string

  constructor(data: ErrorData) {
    super(data.message)
    this.status = data.status
    this.reason = data.reason
    this.details = data.details ?? []
    this.retryAfterMs = data.retryAfterMs
    this.requestId = data.requestId
  }

  /** The text for one field. */
  field(name: string): string | undefined {
    return this.details.find((detail) => detail.field === name)?.reason
  }

  /** Plain data, for storage and for other tabs. */
  toJSON(): ErrorData {
    const { status, reason, message, details, retryAfterMs, requestId } = this
    return { status, reason, message, details, retryAfterMs, requestId }
  }
}

const TEXTS = {
  NETWORK: ['网络连接失败，请检查网络后重试', 'No connection; check the network and try again'],
  TIMEOUT: ['服务器没有及时回答，请稍后重试', 'The server did not answer in time; try again later'],
  ABORTED: ['已取消', 'Cancelled'],
  UNAUTHENTICATED: ['登录已失效，请重新登录', 'Sign in again'],
  UNAVAILABLE: ['服务暂时不可用，请稍后重试', 'Temporarily unavailable; try again later'],
  TOO_LARGE: ['内容过大', 'Too large'],
  INTERNAL: ['服务器内部错误，请稍后重试', 'Internal error; try again later'],
} as const

/** An error that the server has not worded. */
export function ownError(reason: keyof typeof TEXTS, language: string, status = 0): KefuError {
  return new KefuError({ reason, status, message: TEXTS[reason][language.startsWith('en') ? 1 : 0] })
}

/** Whether the same call may work later, unchanged. */
export function isPassing(error: KefuError): boolean {
  return error.status === 0 || error.status >= 500 || error.status === 429 || error.status === 408
}
