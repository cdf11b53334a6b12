import type { Session } from '@kefu/sdk'
import { onBeforeUnmount, onMounted, ref, watch, watchEffect, type Ref } from 'vue'
import { kefu } from '../app/kefu.ts'
import { updateSession, visit } from '../app/visit.ts'
import { t } from '../i18n/index.ts'
import { call, unlockSoundOnTouch } from './attention.ts'
import { realtime } from './realtime.ts'
import { isMine } from './rows.ts'
import type { View } from './useConversation.ts'

/** How often the place in the queue is read anew: others' coming and going is told at once, the estimate is not. */
const QUEUE_READ_MS = 30_000

/** Follows what becomes of the session shown, and calls the customer when it matters. */
export function useFollowing(session: Ref<Session>, view: Ref<View>) {
  const online = ref<boolean | null>(null)
  const broken = ref(false)
  const unseen = ref(0)
  const hidden = ref(document.visibilityState !== 'visible')

  const offs = [
    realtime.on('session', updateSession),
    realtime.on('status', ({ principal, online: now }) => {
      if (principal?.kind === 'USER' && principal.id === session.value.agentId) online.value = now
    }),
    realtime.on('message', (message) => {
      if (message.sessionId !== session.value.id || isMine(message) || message.contentType === 'EVENT') return
      if (!hidden.value) return
      unseen.value += 1
      call(message.content || t('message.file'), false)
    }),
    realtime.on('error', () => (broken.value = kefu.signedIn)),
  ]
  watch(
    () => view.value.session,
    (now) => now && updateSession(now),
  )
  watch(
    () => session.value.agentId,
    () => (online.value = null),
  )
  watch(
    () => session.value.status,
    (now, before) => {
      if (now === 'ACTIVE' && before !== 'ACTIVE') {
        call(t('queue.served', { name: session.value.agentName }), true)
        if (hidden.value) unseen.value += 1
      }
    },
  )

  watchEffect(() => {
    const name = visit.link?.tenantName || session.value.teamName || t('title')
    const turn = session.value.status === 'ACTIVE' ? t('queue.yourTurn') : ''
    const state = session.value.status === 'QUEUED' ? `${t('talk.waiting')} · ` : ''
    document.title = unseen.value > 0 ? `(${unseen.value}) ${turn || name}` : state + name
  })

  const timer = setInterval(() => {
    if (session.value.status !== 'QUEUED' || hidden.value) return
    kefu.getSession({ id: session.value.id }).then(updateSession, () => undefined)
  }, QUEUE_READ_MS)
  const onVisible = () => {
    hidden.value = document.visibilityState !== 'visible'
    if (!hidden.value) unseen.value = 0
  }
  onMounted(() => {
    unlockSoundOnTouch()
    document.addEventListener('visibilitychange', onVisible)
  })
  onBeforeUnmount(() => {
    offs.forEach((off) => off())
    clearInterval(timer)
    document.removeEventListener('visibilitychange', onVisible)
  })
  return { online, broken }
}
