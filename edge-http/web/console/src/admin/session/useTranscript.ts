import type { Message, Session } from '@kefu/sdk'
import { computed, onScopeDispose, ref, shallowRef } from 'vue'

import { kefu, realtime } from '../../app/kefu.ts'

const PAGE = 50
const EVERY_MS = 5_000

/** Messages by sequence, the newer version of each. */
export function mergeMessages(have: readonly Message[], more: readonly Message[]): Message[] {
  const bySeq = new Map(have.map((message) => [message.seq, message]))
  for (const message of more) bySeq.set(message.seq, message)
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

/** Reads a session and its messages without taking part: nothing is marked as delivered or read, and nobody is told.
    A live one is read again when the session changes, and every few seconds, because messages are pushed to those only
    who take part. */
export function useTranscript(id: string, live: boolean) {
  const session = shallowRef<Session>()
  const messages = shallowRef<Message[]>([])
  const error = shallowRef<unknown>()
  const loadingOlder = ref(false)
  const hasOlder = computed(() => (messages.value[0]?.seq ?? 1) > 1)
  const call = new AbortController()
  const options = { signal: call.signal }
  let reading = false

  /** Reads what lies between the messages shown and the newest page, so that no hole stays. */
  async function fillGap(from: number, to: number): Promise<Message[]> {
    const found: Message[] = []
    for (let after = from; after + 1 < to;) {
      const { list } = await kefu.listMessages({ id, afterSeq: after, size: 100 }, options)
      const last = list.at(-1)
      if (!last) break
      found.push(...list)
      after = last.seq
    }
    return found
  }

  async function refresh(): Promise<void> {
    if (reading) return
    reading = true
    try {
      const [now, newest] = await Promise.all([
        kefu.getSession({ id }, options),
        kefu.listMessages({ id, size: PAGE }, options),
      ])
      const last = messages.value.at(-1)?.seq
      const first = newest.list[0]?.seq
      const gap = last !== undefined && first !== undefined ? await fillGap(last, first) : []
      session.value = now
      messages.value = mergeMessages(messages.value, [...gap, ...newest.list])
      error.value = undefined
    } catch (failure) {
      if (!call.signal.aborted) error.value = failure
    } finally {
      reading = false
    }
  }

  async function loadOlder(): Promise<void> {
    const first = messages.value[0]
    if (!first || loadingOlder.value) return
    loadingOlder.value = true
    try {
      const { list } = await kefu.listMessages({ id, beforeSeq: first.seq, size: PAGE }, options)
      messages.value = mergeMessages(messages.value, list)
    } catch (failure) {
      if (!call.signal.aborted) error.value = failure
    } finally {
      loadingOlder.value = false
    }
  }

  void refresh()
  onScopeDispose(() => call.abort())
  if (live) {
    const timer = setInterval(() => {
      if (!document.hidden) void refresh()
    }, EVERY_MS)
    const off = realtime.on('session', (changed) => {
      if (changed.id === id) void refresh()
    })
    onScopeDispose(() => {
      clearInterval(timer)
      off()
    })
  }
  return { session, messages, error, hasOlder, loadingOlder, refresh, loadOlder }
}
