import type { Conversation, KefuError, Message, Outgoing, Principal, Session } from '@kefu/sdk'
import { onBeforeUnmount, onMounted, shallowRef, type ShallowRef } from 'vue'
import { realtime } from './realtime.ts'

/** A conversation as it stands at a moment. */
export interface View {
  session: Session | null
  messages: readonly Message[]
  outgoing: readonly Outgoing[]
  hasOlder: boolean
  loading: Conversation['loading']
  error: KefuError | null
  typing: Principal | null
}

/** How many components show a session: the last one closes it. */
const shown = new Map<string, number>()

/** A session's messages for as long as a component shows them; `view` is new with every change. */
export function useConversation(sessionId: string): { conversation: Conversation; view: ShallowRef<View> } {
  realtime.start()
  const conversation = realtime.conversation(sessionId)
  shown.set(sessionId, (shown.get(sessionId) ?? 0) + 1)
  const view = shallowRef(snapshot(conversation))
  const off = conversation.onChange(() => (view.value = snapshot(conversation)))
  onMounted(() => void conversation.open().catch(() => undefined))
  onBeforeUnmount(() => {
    off()
    const left = (shown.get(sessionId) ?? 1) - 1
    shown.set(sessionId, left)
    if (left === 0) conversation.close()
  })
  return { conversation, view }
}

function snapshot(conversation: Conversation): View {
  const { session, messages, outgoing, hasOlder, loading, error, typing } = conversation
  return { session, messages: [...messages], outgoing: [...outgoing], hasOlder, loading, error, typing }
}
