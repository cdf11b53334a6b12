import type { ErrorData } from '../error.js'
import type { ConnectionState } from './link.js'
import type { Mark } from './marks.js'
import type { OutgoingData } from './outbox.js'
import type { Accepted, InboundFrame } from './wire.js'

/** What the tabs of a browser tell each other. */
export type TabMessage =
  /** A follower asks how things stand, and names what is on its way. */
  | { t: 'hello'; items: OutgoingData[] }
  /** The leader says how things stand. */
  | { t: 'here'; state: ConnectionState; epoch: string; heads: [string, number][] }
  /** The leader passes on what the server tells. */
  | { t: 'frame'; frame: InboundFrame }
  /** The server has stored a message. */
  | { t: 'accepted'; accepted: Accepted }
  /** The end, for all tabs. */
  | { t: 'fatal'; error: ErrorData }
  /** A message is on its way, or has changed. */
  | { t: 'put'; item: OutgoingData }
  /** A message was given up. */
  | { t: 'drop'; clientMsgId: string }
  /** For the leader to send. */
  | { t: 'mark'; mark: Mark }
  | { t: 'typing'; sessionId: string }
  | { t: 'hurry' }
