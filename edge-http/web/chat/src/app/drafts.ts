import { drafts } from '@kefu/shared/drafts.ts'
import { lasting } from '@kefu/shared/storage.ts'

const store = drafts('kefu.chat.draft.', lasting)
addEventListener('pagehide', () => store.flush())

/** What somebody was writing in a session, kept over a reload. */
export const written = {
  read: (sessionId: string) => store.read(sessionId),
  write: (sessionId: string, text: string) => store.write(sessionId, text),
  /** Takes the text along from a session that has ended to the one that goes on. */
  move(from: string, to: string) {
    const text = store.read(from)
    if (!text || from === to) return
    if (!store.read(to)) store.write(to, text)
    store.write(from, '')
  },
}
