import { Permission, type DictionaryItem } from '@kefu/sdk'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { useAuth } from '../app/auth.ts'
import { kefu } from '../app/kefu.ts'
import { ANSWER_LIMITS, type WaitLimits } from '../board/order.ts'

/** What the tenant's settings say about serving; the defaults for whoever may not read them. */
export const useRules = defineStore('rules', () => {
  const auth = useAuth()
  const recallSeconds = ref(120)
  const reminderMinutes = ref(0)
  const problemTypes = shallowRef<readonly DictionaryItem[]>([])
  let loaded = false

  /** When a wait for an answer is a warning, and when it is late: late is what the settings remind of. */
  const limits = computed<WaitLimits>(() => {
    const late = reminderMinutes.value * 60
    return late > 0 ? { warn: Math.round(late / 3), late } : ANSWER_LIMITS
  })

  /** Reads them once; a failure leaves the defaults, and the next call tries again. */
  async function load(): Promise<void> {
    if (loaded) return
    loaded = true
    try {
      if (auth.may(Permission.SETTINGS_READ)) {
        const [settings, assignment] = await Promise.all([kefu.getSettings({}), kefu.getAssignmentSettings({})])
        recallSeconds.value = settings.recallSeconds
        reminderMinutes.value = assignment.replyReminderMinutes
      }
      if (auth.may(Permission.DICTIONARY_READ)) {
        problemTypes.value = (await kefu.listDictionaryItems({ code: 'problem_type' })).list
      }
    } catch {
      loaded = false
    }
  }

  return { recallSeconds, limits, problemTypes, load }
})
