import type { Session } from '@kefu/sdk'

import { usePreferences } from '../../app/preferences.ts'
import { i18n } from '../../i18n/index.ts'
import { inPage, onDesktop } from './notice.ts'
import { play } from './sound.ts'

/** Gives what tells of a new session; several at once, as after going online, are one notice. One that is already
    looked at is no news. */
export function createNews(
  open: (id: string) => void,
  isLookedAt: (id: string) => boolean,
): (session: Session) => void {
  const preferences = usePreferences()
  const { t } = i18n.global
  // New sessions that a notice tells of; it tells of the next ones too while it stands, instead of another over it.
  let told: Session[] = []
  let notice: { close: () => void } | undefined
  const news = new Set<Session>()

  function tellNews() {
    const sessions = [...told, ...news].filter(({ id }) => !isLookedAt(id))
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
    const shown = inPage(first, heading, text, open, () => {
      if (notice !== shown) return
      notice = undefined
      told = []
    })
    notice = shown
    onDesktop(first, heading, text, open)
  }

  return (session) => {
    if (news.size === 0) setTimeout(tellNews, 400)
    news.add(session)
  }
}
