import type { KefuError } from '../error.js'
import type { Message, Notification, Principal, Session, StatusUpdate, Viewers } from '../generated/types.js'
import type { ConnectionState } from './link.js'
import type { Outgoing } from './outbox.js'
import type { WebSocketConstructor } from './socket.js'

/** What one can be told. */
export interface RealtimeEvents {
  /** How things stand with the connection. */
  state: ConnectionState
  /** Each message of the sessions followed once, seq strictly upward within a session. */
  message: Message
  /** A message that was given before has been recalled. */
  recall: Message
  /** A session as it stands now; never an older state after a newer one. */
  session: Session
  /** Agents and customers come and go. */
  status: StatusUpdate
  notification: Notification
  typing: { sessionId: string; sender: Principal }
  /** Who has a session open; for staff. */
  viewers: Viewers
  /** A message of one's own has changed its state. */
  outgoing: Outgoing
  /** The end: signed out, replaced, or not permitted. */
  error: KefuError
}

/** What a realtime client may be told about its surroundings. */
export interface RealtimeOptions {
  /** The beginning of its keys in the browser's storage; `kefu` if left out. */
  storageKey?: string
  /** One tab of a browser holds the connection for all; true if left out. */
  shareTabs?: boolean
  /** What makes WebSockets, where the platform has none. */
  webSocket?: WebSocketConstructor
}
