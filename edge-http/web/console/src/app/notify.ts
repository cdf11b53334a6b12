import { KefuError } from '@kefu/sdk'
import { ElMessage, ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message-box/style/css'
import 'element-plus/es/components/message/style/css'

import { i18n } from '../i18n/index.ts'

/** What words in passing lie on: an open dialog of the browser's own hides everything outside it. */
function ground(): HTMLElement {
  return document.querySelector<HTMLElement>('dialog[open]') ?? document.body
}

/** Says in passing that something has worked. */
export function toast(text: string): void {
  ElMessage({ message: text, type: 'success', duration: 2500, grouping: true, offset: 24, appendTo: ground() })
}

/** Says in passing what was not done, and what to do instead. */
export function toastWarning(text: string): void {
  ElMessage({ message: text, type: 'warning', duration: 4000, grouping: true, offset: 24, appendTo: ground() })
}

/** Says in passing why something has not worked; it can be closed. */
export function toastError(error: unknown): void {
  if (error instanceof KefuError && error.reason === 'ABORTED') return
  ElMessage({
    message: messageOf(error),
    type: 'error',
    duration: 6000,
    showClose: true,
    grouping: true,
    offset: 24,
    appendTo: ground(),
  })
}

/** The words of an error; Kefu's own are already in the user's language. */
export function messageOf(error: unknown): string {
  return error instanceof KefuError ? error.message : i18n.global.t('app.error.unknown')
}

/** Asks before something that cannot be taken back; `action` names what will happen. */
export async function confirm(question: string, action: string, danger = true): Promise<boolean> {
  try {
    await ElMessageBox.confirm(question, {
      confirmButtonText: action,
      cancelButtonText: i18n.global.t('app.cancel'),
      confirmButtonType: danger ? 'danger' : 'primary',
      showClose: false,
      closeOnClickModal: false,
    })
    return true
  } catch {
    return false
  }
}
