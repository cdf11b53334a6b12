import type { File_ } from '@kefu/sdk'
import { shallowRef, watch } from 'vue'

import type { SessionDrafts } from './drafts.ts'

/** The files of quick replies that go with the answer. They are kept as the answer's text is. */
export function useAttached(drafts: SessionDrafts, sessionId: string) {
  const files = shallowRef<readonly File_[]>(parsed(drafts.read(sessionId, 'files')))
  // At once: a moment later another session may be shown.
  watch(files, (now) => drafts.write(sessionId, 'files', now.length > 0 ? JSON.stringify(now) : ''), {
    flush: 'sync',
  })

  /** Adds files behind the others, each once. */
  function attach(more: readonly File_[]) {
    files.value = [...new Map([...files.value, ...more].map((file) => [file.id, file])).values()]
  }

  function detach(id: string) {
    files.value = files.value.filter((file) => file.id !== id)
  }

  /** Takes them all, to be sent. */
  function takeAll(): readonly File_[] {
    const taken = files.value
    files.value = []
    return taken
  }

  return { files, attach, detach, takeAll }
}

function parsed(text: string): readonly File_[] {
  try {
    return text ? (JSON.parse(text) as File_[]) : []
  } catch {
    return []
  }
}
