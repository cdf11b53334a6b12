import type { Message } from '@kefu/sdk'
import { t } from '../i18n/index.ts'

/** A message in one line, for quotes. */
export function summaryOf(message: Message): string {
  if (message.recalled) return t('message.recalled')
  if (message.content) return message.content
  if (message.contentType === 'IMAGE') return t('message.image')
  return message.file?.name ?? t('message.file')
}

/** A line written by Kefu, in the page's language where Kefu's own words are known. */
export function eventText(message: Message, repeated: boolean): string {
  if (message.clientMsgId === 'closed') return t('talk.closedEvent')
  const name = message.clientMsgId.startsWith('assigned') ? /^(.+) 为您服务$/.exec(message.content)?.[1] : undefined
  if (!name) return message.content
  return t(repeated ? 'talk.takenOverEvent' : 'talk.assignedEvent', { name })
}
