import type { Message, Session } from '@kefu/sdk'
import { ElNotification } from 'element-plus'
import 'element-plus/es/components/notification/style/css'
import { watch } from 'vue'
import type { Router } from 'vue-router'

import { realtime } from '../../app/kefu.ts'
import { usePreferences } from '../../app/preferences.ts'
import { usePageTitle } from '../../app/title.ts'
import { i18n } from '../../i18n/index.ts'
import { useDesk } from '../desk.ts'
import { play, unlockAtFirstGesture } from './sound.ts'

/** Whether the desktop may show notifications, as the browser says. */
export function desktopPermission(): NotificationPermission | 'unsupported' {
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission
}

/** Asks the browser for notifications of the desktop; true if they may be shown. */
export async function askDesktop(): Promise<boolean> {
  if (typeof Notification === 'undefined') return false
  return (await Notification.requestPermission()) === 'granted'
}

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

  function onDesktop(session: Session, heading: string, text: string) {
    if (!preferences.desktop || document.hasFocus() || desktopPermission() !== 'granted') return
    // The same session replaces its notification instead of heaping them up.
    const notification = new Notification(heading, { body: text, tag: `kefu-${session.id}` })
    notification.onclick = () => {
      window.focus()
      open(session.id)
      notification.close()
    }
  }

  function inPage(session: Session, heading: string, text: string, onClose?: () => void): { close: () => void } {
    const handle = ElNotification({
      title: heading,
      message: text,
      duration: 8000,
      // Over the end of the list: at the right it would lie on the box one writes in.
      position: 'bottom-left',
      customClass: 'desk-notice',
      onClick: () => {
        open(session.id)
        handle.close()
      },
      onClose,
    })
    return handle
  }

  // New sessions that a notice tells of; it tells of the next ones too while it stands, instead of another over it.
  let told: Session[] = []
  let notice: { close: () => void } | undefined
  const news = new Set<Session>()

  function tellNews() {
    const sessions = [...told, ...news]
    const former = notice
    notice = undefined
    former?.close()
    news.clear()
    const first = sessions.at(-1)
    if (!first) return
    told = sessions
    if (preferences.soundSession) play('session')
    const one = sessions.length === 1
    const names = sessions.map((session) => session.customerName).join('、')
    const heading = one
      ? t('workbench.alert.arrived', { name: first.customerName })
      : t('workbench.alert.several', { count: sessions.length })
    const text = one ? [first.institution, first.lastMessage].filter(Boolean).join(' · ') : names
    const shown = inPage(first, heading, text, () => {
      if (notice !== shown) return
      notice = undefined
      told = []
    })
    notice = shown
    onDesktop(first, heading, text)
  }

  function arrived(session: Session) {
    if (news.size === 0) setTimeout(tellNews, 400)
    news.add(session)
  }

  function left(session: Session) {
    const { customerName: name, agentName: agent } = session
    if (session.status === 'CLOSED') {
      if (session.closeReason !== 'BY_STAFF') inPage(session, t('workbench.alert.closed', { name }), '')
    } else if (agent) inPage(session, t('workbench.alert.moved', { name, agent }), '')
    else inPage(session, t('workbench.alert.requeued', { name }), '')
  }

  function onMessage(message: Message) {
    if (message.sender?.kind !== 'CUSTOMER' || message.recalled || isLookedAt(message.sessionId)) return
    const session = desk.known.get(message.sessionId)
    if (!session || !desk.isMine(session) || message.seq <= session.agentReadSeq) return
    if (preferences.soundMessage) play('message')
    onDesktop(session, session.customerName, message.content || t('workbench.message.file'))
  }

  const offs = [
    desk.listen((event) => {
      if (event.kind === 'arrived') arrived(event.session)
      else if (event.kind === 'left') left(event.session)
      else if (preferences.soundSession) play('session')
    }),
    realtime.on('message', onMessage),
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
