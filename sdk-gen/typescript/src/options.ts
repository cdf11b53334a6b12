import type { KefuError } from './error.js'
import type { TokenStore } from './tokens.js'

/** What a client needs to know. */
export interface KefuOptions {
  /** Where Kefu is, as `https://kefu.example.com`; the page's own origin if left out. */
  baseUrl?: string
  /** Where the login is kept; in memory if left out. */
  tokens?: TokenStore
  /** The language of texts, as for `Accept-Language`; `zh-CN` if left out. */
  language?: () => string
  /** How long a call may take; 30 seconds if left out. */
  timeoutMs?: number
  /** The login has ended, and only a new one helps. */
  onSignedOut?: (error: KefuError) => void
}

/** What holds for one call. */
export interface CallOptions {
  /** Ends the call. */
  signal?: AbortSignal
  /** How long the call may take. */
  timeoutMs?: number
  /** It goes on when the page is left. */
  keepalive?: boolean
}

/** What holds for one upload; its time limit is for silence, not for the whole. */
export interface UploadOptions extends CallOptions {
  /** Tells how many bytes have been sent. */
  onProgress?: (sent: number, total: number) => void
}
