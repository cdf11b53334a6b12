import type { Message, Session } from '@kefu/sdk'
import { watch } from 'vue'
import type { Router } from 'vue-router'

import { realtime } from '../../app/kefu.ts'
import { usePreferences } from '../../app/preferences.ts'
import { usePageTitle } from '../../app/title.ts'
import { i18n } from '../../i18n/index.ts'
import { useDesk } from '../desk.ts'
import { createNews } from './news.ts'
import { dismiss, inPage, onDesktop } from './notice.ts'
import { play, unlockAtFirstGesture } from './sound.ts'

/** Calls the agent: for new sessions, for messages that nobody looks at, in the title. Gives how to end it. */
export function startAlerts(router: Router): () => void {
  const desk = useDesk()
  const preferences = usePreferences()
  const title = usePageTitle()
  const { t } = i18n.global
  unlockAtFirstGesture()

  const isLookedAt = (sessionId: string) =>
    document.hasFocus() && router.currentRoute.value.params['sessionId'] === sessionId
  const open = (id: string) => void router.push(`/workbench/${id}`)
  const arrived = createNews(open, isLookedAt)

  function left(session: Session) {
    const { customerName: name, agentName: agent } = session
    if (session.status === 'CLOSED') {
      if (session.closeReason !== 'BY_STAFF') inPage(session, t('workbench.alert.closed', { name }), '', open)
    } else if (agent) inPage(session, t('workbench.alert.moved', { name, agent }), '', open)
    else inPage(session, t('workbench.alert.requeued', { name }), '', open)
  }

  function onMessage(message: Message) {
    if (message.sender?.kind !== 'CUSTOMER' || message.recalled || isLookedAt(message.sessionId)) return
    const session = desk.known.get(message.sessionId)
    if (!session || !desk.isMine(session) || message.seq <= session.agentReadSeq) return
    if (preferences.soundMessage) play('message')
    onDesktop(session, session.customerName, message.content || t('workbench.message.file'), open)
  }

  const offs = [
    desk.listen((event) => {
      if (event.kind === 'arrived') arrived(event.session)
      else if (event.kind === 'left') left(event.session)
      else if (preferences.soundSession) play('session')
    }),
    realtime.on('message', onMessage),
    // Nothing about the session itself has changed for whoever asked.
    realtime.on('notification', ({ type, sessionId, title: heading, body }) => {
      const session = desk.known.get(sessionId)
      if (type === 'TRANSFER_DECLINED' && session) inPage(session, heading, body, open)
    }),
    watch(
      () => router.currentRoute.value.params['sessionId'],
      (id) => {
        if (typeof id === 'string') dismiss(id)
      },
    ),
    watch(
      () => (preferences.titleBadge ? desk.unanswered + desk.offers.length : 0),
      (count) => (title.badge = count),
      { immediate: true },
    ),
  ]
  return () => {
    offs.forEach((off) => off())
    title.badge = 0
  }
}
