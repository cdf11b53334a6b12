import { Permission, type QuickReply } from '@kefu/sdk'
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

import { useAuth } from '../../app/auth.ts'
import { kefu } from '../../app/kefu.ts'
import { loadSpeller, type Speller } from '../../app/match.ts'

/** So long the list is believed. */
const BELIEVED_MS = 60_000

/** The quick replies, read when they are first asked for. */
export const useReplies = defineStore('replies', () => {
  const auth = useAuth()
  const list = shallowRef<readonly QuickReply[]>([])
  const speller = shallowRef<Speller>()
  const failure = shallowRef<unknown>()
  const loading = ref(false)
  let readAt = 0

  /** Reads them if they are old, and pinyin if it is not there yet. */
  async function load(): Promise<void> {
    if (!auth.may(Permission.QUICK_REPLY_READ) || loading.value) return
    loading.value = true
    try {
      speller.value ??= await loadSpeller()
      if (Date.now() - readAt < BELIEVED_MS) return
      const found: QuickReply[] = []
      for (let page = 1, pages = 1; page <= Math.min(pages, 10); page++) {
        const answer = await kefu.listQuickReplies({ page, size: 100 })
        found.push(...answer.list)
        pages = answer.pages
      }
      list.value = found
      readAt = Date.now()
      failure.value = undefined
    } catch (error) {
      failure.value = error
    } finally {
      loading.value = false
    }
  }

  return { list, speller, failure, loading, load }
})
