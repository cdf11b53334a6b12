import type { Conversation } from '@kefu/sdk'
import { onBeforeUnmount, reactive } from 'vue'
import { wording } from '../app/kefu.ts'
import { t } from '../i18n/index.ts'

/** A file on its way up, before it is a message. */
export interface Upload {
  key: number
  file: File
  /** A picture of it, while it is here; empty for other files. */
  preview: string
  percent: number
  state: 'preparing' | 'uploading' | 'failed'
  /** Why it failed, in words. */
  failure: string
}

let lastKey = 0

/** The files on their way into a session. Each becomes a message when it has arrived, in the order chosen. */
export function useUploads(sessionId: string, conversation: () => Conversation) {
  const uploads = reactive<Upload[]>([])
  let queue: Promise<unknown> = Promise.resolve()
  const stop = new AbortController()

  function add(files: Iterable<File>) {
    for (const file of files) {
      const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : ''
      const at = uploads.push({ key: ++lastKey, file, preview, percent: 0, state: 'preparing', failure: '' })
      const upload = uploads[at - 1]
      if (upload) queue = queue.then(() => send(upload))
    }
  }

  async function send(upload: Upload) {
    if (!uploads.includes(upload)) return
    upload.failure = ''
    upload.percent = 0
    upload.state = 'preparing'
    try {
      const { sendFile } = await import('./sendFile.ts')
      const progress = (percent: number) => {
        upload.state = 'uploading'
        upload.percent = percent
      }
      const sent = await sendFile(upload.file, sessionId, progress, stop.signal)
      // Removed by the customer meanwhile: it is not sent.
      if (!uploads.includes(upload)) return
      conversation().send({ content: '', contentType: sent.contentType, fileId: sent.fileId })
      remove(upload)
    } catch (error) {
      upload.state = 'failed'
      upload.failure = error instanceof RangeError ? error.message : wording(error) || t('upload.failed')
    }
  }

  function remove(upload: Upload) {
    const at = uploads.indexOf(upload)
    if (at >= 0) uploads.splice(at, 1)
    if (upload.preview) URL.revokeObjectURL(upload.preview)
  }

  function retry(upload: Upload) {
    queue = queue.then(() => send(upload))
  }

  // A file lives in this page only: who leaves now would lose it.
  const warn = (event: BeforeUnloadEvent) => {
    if (uploads.length === 0) return
    event.preventDefault()
    // Chrome before 119 asks for this one.
    event.returnValue = true
  }
  addEventListener('beforeunload', warn)
  onBeforeUnmount(() => {
    removeEventListener('beforeunload', warn)
    stop.abort()
    uploads.splice(0).forEach(({ preview }) => preview && URL.revokeObjectURL(preview))
  })

  return { uploads, add, retry, remove }
}
