import { fileShelf } from '@kefu/shared/fileShelf.ts'
import { formatBytes } from '@kefu/shared/format.ts'
import { MOST_BYTES, Uploads, type Upload } from '@kefu/shared/uploads.ts'
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

import { kefu, realtime } from '../../app/kefu.ts'
import { messageOf } from '../../app/notify.ts'
import { i18n } from '../../i18n/index.ts'

/** The agent's files on their way; they survive a reload. */
export const uploads = new Uploads({
  kefu,
  shelf: fileShelf('kefu.console.files'),
  send: (sessionId, message) => void realtime.conversation(sessionId).send(message),
  refuse(file) {
    if (file.size === 0) return i18n.global.t('workbench.file.empty')
    return file.size > MOST_BYTES ? i18n.global.t('workbench.file.tooLarge', { limit: formatBytes(MOST_BYTES) }) : ''
  },
  words: messageOf,
})

/** Takes up what was on its way before, now and whenever there is a connection again. Gives how to end it. */
export function startUploads(): () => void {
  const warn = (event: BeforeUnloadEvent) => {
    if (uploads.atRisk) event.preventDefault()
  }
  const off = realtime.on('state', (state) => {
    if (state === 'online' || state === 'fallback') void uploads.resume()
  })
  addEventListener('beforeunload', warn)
  void uploads.resume()
  return () => {
    off()
    removeEventListener('beforeunload', warn)
    uploads.stop()
  }
}

/** The files on their way in a session. */
export function useUploads(sessionId: string): ShallowRef<readonly Upload[]> {
  const list = shallowRef<readonly Upload[]>(uploads.of(sessionId))
  onScopeDispose(uploads.onChange(() => (list.value = uploads.of(sessionId))))
  return list
}
