import { fileShelf } from '@kefu/shared/fileShelf.ts'
import { formatBytes } from '@kefu/shared/format.ts'
import { MOST_BYTES, Uploads, type Upload } from '@kefu/shared/uploads.ts'
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import { kefu } from '../app/kefu.ts'
import { wording } from '../app/wording.ts'
import { t } from '../i18n/index.ts'
import { rememberFile } from './blobs.ts'
import { realtime } from './realtime.ts'

/** The customer's files on their way; they survive a reload. */
export const uploads = new Uploads({
  kefu,
  shelf: fileShelf('kefu.chat.files'),
  send(sessionId, message) {
    const upload = uploads.of(sessionId).find(({ id }) => id === message.clientMsgId)
    // What has just gone up need not come down again to be looked at.
    if (upload && message.fileId) rememberFile(message.fileId, upload.name, upload.file)
    realtime.conversation(sessionId).send(message)
  },
  refuse: refusal,
  words: wording,
})

let owner = kefu.tokens.read()?.owner
kefu.tokens.onChange?.(() => {
  const now = kefu.tokens.read()?.owner
  if (now !== owner) uploads.stop()
  owner = now
})
realtime.on('state', (state) => {
  if (state === 'online' || state === 'fallback') void uploads.resume()
})
addEventListener('beforeunload', (event) => {
  if (!uploads.atRisk) return
  event.preventDefault()
  // Chrome before 119 asks for this one.
  event.returnValue = true
})

/** Why a file cannot be sent, however often it is tried; empty where it can. */
export function refusal(file: Blob): string {
  if (file.size === 0) return t('upload.empty')
  return file.size > MOST_BYTES ? t('upload.tooLarge', { limit: formatBytes(MOST_BYTES) }) : ''
}

/** The files on their way in a session. */
export function useUploads(sessionId: string): ShallowRef<readonly Upload[]> {
  const list = shallowRef<readonly Upload[]>(uploads.of(sessionId))
  onScopeDispose(uploads.onChange(() => (list.value = uploads.of(sessionId))))
  void uploads.resume()
  return list
}
