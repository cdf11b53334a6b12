import type { Session } from '@kefu/sdk'
import { ElNotification } from 'element-plus'
import 'element-plus/es/components/notification/style/css'

import { usePreferences } from '../../app/preferences.ts'

/** Whether the desktop may show notifications, as the browser says. */
export function desktopPermission(): NotificationPermission | 'unsupported' {
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission
}

/** Asks the browser for notifications of the desktop; true if they may be shown. */
export async function askDesktop(): Promise<boolean> {
  if (typeof Notification === 'undefined') return false
  return (await Notification.requestPermission()) === 'granted'
}

/** Shows a notification of the desktop, while the window is not looked at and the user wants it. */
export function onDesktop(session: Session, heading: string, text: string, open: (id: string) => void): void {
  if (!usePreferences().desktop || document.hasFocus() || desktopPermission() !== 'granted') return
  // The same session replaces its notification instead of heaping them up.
  const notification = new Notification(heading, { body: text, tag: `kefu-${session.id}` })
  notification.onclick = () => {
    window.focus()
    open(session.id)
    notification.close()
  }
}

const shown = new Map<string, Set<{ close: () => void }>>()

/** Takes the notices of a session away: somebody is looking at it. */
export function dismiss(sessionId: string): void {
  shown.get(sessionId)?.forEach((notice) => notice.close())
}

/** Shows a notice in the page; a click opens the session. */
export function inPage(
  session: Session,
  heading: string,
  text: string,
  open: (id: string) => void,
  onClose?: () => void,
): { close: () => void } {
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
    onClose: () => {
      ofSession.delete(handle)
      onClose?.()
    },
  })
  const ofSession = shown.get(session.id) ?? new Set()
  shown.set(session.id, ofSession.add(handle))
  return handle
}
