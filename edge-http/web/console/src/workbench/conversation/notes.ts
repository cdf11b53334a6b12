import { Permission, type Note, type Session } from '@kefu/sdk'
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'

import { useAuth } from '../../app/auth.ts'
import { kefu } from '../../app/kefu.ts'

/** The private notes of a session: read when it is opened, and again when their number has changed. */
export function useNotes(session: Ref<Session | undefined>): {
  notes: ShallowRef<readonly Note[]>
  /** They could not be read. */
  failed: Ref<boolean>
  load: () => Promise<void>
  add: (note: Note) => void
} {
  const auth = useAuth()
  const notes = shallowRef<readonly Note[]>([])
  const failed = ref(false)

  async function load() {
    const id = session.value?.id
    if (!id || !auth.may(Permission.SESSION_NOTE)) return
    try {
      const found: Note[] = []
      for (let page = 1, pages = 1; page <= pages; page++) {
        const answer = await kefu.listNotes({ id, page, size: 100 })
        found.push(...answer.list)
        pages = answer.pages
      }
      notes.value = found
      failed.value = false
    } catch {
      failed.value = true
    }
  }

  function add(note: Note) {
    if (!notes.value.some((known) => known.id === note.id)) notes.value = [...notes.value, note]
  }

  watch(
    () => session.value?.noteCount,
    (count) => {
      if (count !== undefined && count !== notes.value.length) void load()
    },
    { immediate: true },
  )
  return { notes, failed, load, add }
}
