import { KefuError, type Conversation } from '@kefu/sdk'
import { shrinkImage } from '@kefu/shared/image.ts'
import { computed, shallowReactive, type ComputedRef } from 'vue'

import { kefu } from '../../app/kefu.ts'
import { messageOf } from '../../app/notify.ts'

/** A file on its way to the server; its message follows when it has arrived. */
export interface Upload {
  id: number
  sessionId: string
  name: string
  size: number
  /** 0 to 1. */
  progress: number
  /** Why it failed; empty while it is under way. */
  failure: string
}

const uploads = shallowReactive(new Map<number, Upload>())
const aborts = new Map<number, AbortController>()
const retries = new Map<number, () => void>()
let lastId = 0

/** The files on their way in a session. */
export function uploadsOf(sessionId: string): ComputedRef<Upload[]> {
  return computed(() => [...uploads.values()].filter((upload) => upload.sessionId === sessionId))
}

/** Uploads files and sends each as a message; pictures are made smaller first. */
export function sendFiles(conversation: Conversation, files: Iterable<File>): void {
  for (const file of files) void start(++lastId, conversation, file)
}

async function start(id: number, conversation: Conversation, original: File): Promise<void> {
  const { sessionId } = conversation
  const abort = new AbortController()
  aborts.set(id, abort)
  retries.set(id, () => void start(id, conversation, original))
  const show = (change: Partial<Upload>) => {
    const known = uploads.get(id) ?? {
      id,
      sessionId,
      name: original.name,
      size: original.size,
      progress: 0,
      failure: '',
    }
    uploads.set(id, { ...known, ...change })
  }
  show({ progress: 0, failure: '' })
  try {
    const file = await shrinkImage(original)
    const stored = await kefu.uploadFile(
      { file, name: file.name || 'image.png', sessionId },
      { signal: abort.signal, onProgress: (sent, total) => show({ progress: total > 0 ? sent / total : 0 }) },
    )
    const contentType = stored.contentType.startsWith('image/') ? 'IMAGE' : 'FILE'
    conversation.send({ content: '', contentType, fileId: stored.id })
    forget(id)
  } catch (error) {
    if (error instanceof KefuError && error.reason === 'ABORTED') forget(id)
    else show({ failure: messageOf(error) })
  }
}

/** Tries a file again that has failed. */
export function retryUpload(id: number): void {
  retries.get(id)?.()
}

/** Stops a file, or forgets one that has failed. */
export function cancelUpload(id: number): void {
  aborts.get(id)?.abort()
  forget(id)
}

function forget(id: number) {
  uploads.delete(id)
  aborts.delete(id)
  retries.delete(id)
}
