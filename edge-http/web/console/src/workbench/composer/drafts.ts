import { drafts, type Drafts } from '@kefu/shared/drafts.ts'
import { lasting } from '@kefu/shared/storage.ts'
import { shallowReactive } from 'vue'

/** What is being written: an answer to the customer, or a note for colleagues. */
export type DraftKind = 'reply' | 'note'

/** What is kept of a session: what is being written, and the files that go with the answer. */
type Kept = DraftKind | 'files'

/** The drafts of one user, by session and kind. */
export interface SessionDrafts {
  read(sessionId: string, kind: Kept): string
  write(sessionId: string, kind: Kept, text: string): void
  /** The sessions with an answer begun, for the list. */
  begun: ReadonlyMap<string, string>
  flush(): void
}

const ofUsers = new Map<string, SessionDrafts>()

/** The drafts of a user; those who share a browser do not share drafts. */
export function draftsOf(userId: string, storage: Storage | null = lasting): SessionDrafts {
  const known = ofUsers.get(userId)
  if (known) return known
  const kept = create(userId, drafts(`kefu.console.draft.${userId}.`, storage), storage)
  ofUsers.set(userId, kept)
  addEventListener('pagehide', () => kept.flush())
  return kept
}

function create(userId: string, texts: Drafts, storage: Storage | null): SessionDrafts {
  const begun = shallowReactive(new Map<string, string>())
  const prefix = `kefu.console.draft.${userId}.`
  for (let i = 0; storage && i < storage.length; i++) {
    const key = storage.key(i)
    if (key?.startsWith(prefix) && key.endsWith('.reply')) {
      begun.set(key.slice(prefix.length, -'.reply'.length), storage.getItem(key) ?? '')
    }
  }
  return {
    begun,
    read: (sessionId, kind) => texts.read(`${sessionId}.${kind}`),
    write(sessionId, kind, text) {
      texts.write(`${sessionId}.${kind}`, text)
      if (kind !== 'reply') return
      if (text.trim()) begun.set(sessionId, text)
      else begun.delete(sessionId)
    },
    flush: () => texts.flush(),
  }
}
