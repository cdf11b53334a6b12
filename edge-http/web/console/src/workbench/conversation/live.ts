import type { Conversation, Message, Outgoing } from '@kefu/sdk'
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

import { realtime } from '../../app/kefu.ts'

/** A conversation as it is now; a new object with every change. */
export interface LiveConversation {
  messages: readonly Message[]
  outgoing: readonly Outgoing[]
  hasOlder: boolean
  loading: Conversation['loading']
  error: Conversation['error']
  typing: Conversation['typing']
  viewers: Conversation['viewers']
}

function snapshot(conversation: Conversation): LiveConversation {
  const { messages, outgoing, hasOlder, loading, error, typing, viewers } = conversation
  return { messages: [...messages], outgoing: [...outgoing], hasOlder, loading, error, typing, viewers }
}

/** Follows one session's conversation while the component lives, and tells colleagues that it is looked at. It stays
    open for as long as its tab. */
export function useConversation(sessionId: string): {
  conversation: Conversation
  live: ShallowRef<LiveConversation>
} {
  const conversation = realtime.conversation(sessionId)
  const live = shallowRef(snapshot(conversation))
  onScopeDispose(conversation.onChange(() => (live.value = snapshot(conversation))))
  onScopeDispose(() => conversation.leave())
  void conversation.open()
  conversation.view()
  return { conversation, live }
}
