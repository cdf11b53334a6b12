import type { Conversation } from '@kefu/sdk'
import { shallowReactive } from 'vue'

/** A text that will go in a moment and can still be taken back. */
export interface Held {
  sessionId: string
  content: string
  quoteMessageId: string
  /** When it goes. */
  at: number
}

interface Waiting extends Held {
  conversation: Pick<Conversation, 'send'>
  timer: ReturnType<typeof setTimeout>
}

const waiting = shallowReactive(new Map<string, Waiting>())

/** The text of a session that can still be taken back. */
export function heldOf(sessionId: string): Held | undefined {
  return waiting.get(sessionId)
}

/** Sends a text after so many seconds; one that waits already goes first, so that the order stays. */
export function sendSoon(conversation: Conversation, content: string, quoteMessageId: string, seconds: number): void {
  const { sessionId } = conversation
  sendNow(sessionId)
  const timer = setTimeout(() => sendNow(sessionId), seconds * 1000)
  waiting.set(sessionId, { sessionId, content, quoteMessageId, conversation, timer, at: Date.now() + seconds * 1000 })
  if (seconds === 0) sendNow(sessionId)
}

/** Sends what waits in a session, now. */
export function sendNow(sessionId: string): void {
  const held = waiting.get(sessionId)
  if (!held) return
  clearTimeout(held.timer)
  waiting.delete(sessionId)
  const { content, quoteMessageId } = held
  held.conversation.send({ content, ...(quoteMessageId !== '0' && { quoteMessageId }) })
}

/** Takes back what waits, and gives it for writing on. */
export function takeBack(sessionId: string): Held | undefined {
  const held = waiting.get(sessionId)
  if (!held) return undefined
  clearTimeout(held.timer)
  waiting.delete(sessionId)
  return held
}

// Leaving the page is no taking back: the outbox keeps it from here.
addEventListener('pagehide', () => [...waiting.keys()].forEach(sendNow))
