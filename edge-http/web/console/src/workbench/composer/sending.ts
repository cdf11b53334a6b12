import type { Conversation, File_, NewMessage } from '@kefu/sdk'
import { shallowReactive } from 'vue'

/** An answer: a text, files, or both. */
export interface Answer {
  content: string
  quoteMessageId: string
  /** Stored files; they follow the text. */
  files: readonly File_[]
}

/** An answer that will go in a moment and can still be taken back. */
export interface Held extends Answer {
  sessionId: string
  /** When it goes. */
  at: number
}

interface Waiting extends Held {
  conversation: Pick<Conversation, 'send'>
  timer: ReturnType<typeof setTimeout>
}

const waiting = shallowReactive(new Map<string, Waiting>())

/** The answer of a session that can still be taken back. */
export function heldOf(sessionId: string): Held | undefined {
  return waiting.get(sessionId)
}

/** Sends an answer after so many seconds; one that waits already goes first, so that the order stays. */
export function sendSoon(conversation: Conversation, answer: Answer, seconds: number): void {
  const { sessionId } = conversation
  sendNow(sessionId)
  const timer = setTimeout(() => sendNow(sessionId), seconds * 1000)
  waiting.set(sessionId, { ...answer, sessionId, conversation, timer, at: Date.now() + seconds * 1000 })
  if (seconds === 0) sendNow(sessionId)
}

/** Sends what waits in a session, now: the text, then a message for each file; the first has the quote. */
export function sendNow(sessionId: string): void {
  const held = waiting.get(sessionId)
  if (!held) return
  clearTimeout(held.timer)
  waiting.delete(sessionId)
  const { content, quoteMessageId, files } = held
  const messages: NewMessage[] = files.map((file) => ({
    content: '',
    contentType: file.contentType.startsWith('image/') ? 'IMAGE' : 'FILE',
    fileId: file.id,
  }))
  if (content) messages.unshift({ content })
  messages.forEach((message, at) =>
    held.conversation.send({ ...message, ...(at === 0 && quoteMessageId !== '0' && { quoteMessageId }) }),
  )
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
