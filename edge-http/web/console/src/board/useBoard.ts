import type { Agent, Session } from '@kefu/sdk'
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { kefu, realtime } from '../app/kefu.ts'
import { readAll } from '../table/readAll.ts'
import { hold, type HeldList } from './freeze.ts'
import { orderAgents, orderWaiting } from './order.ts'

/** The most rows of each side: a board is for looking at, and nobody looks at more. */
const LIMIT = 500
/** How soon after a push the board is read again: many pushes at once are one reading. */
const SOON_MS = 600
/** How often it is read without any push. */
const SLOW_MS = 20_000

const nothing = <T>(): HeldList<T> => ({ rows: [], fresh: 0 })

/** What the board shows, live: pushes are the bell, and what is shown is always read, so that both sides and the
    reasons of waiting belong together. While `still` holds, nothing moves. */
export function useBoard(teamId: Ref<string>, still: Ref<boolean>) {
  const sessions = shallowRef<Session[]>([])
  const people = shallowRef<Agent[]>([])
  const waiting = shallowRef(nothing<Session>())
  const agents = shallowRef(nothing<Agent>())
  const loading = ref(true)
  const error = shallowRef<unknown>()
  /** When the board was read last. */
  const readAt = ref(0)
  let call: AbortController | undefined
  let soon: ReturnType<typeof setTimeout> | undefined

  function show(): void {
    waiting.value = hold(waiting.value, sessions.value, (session) => session.id, still.value)
    agents.value = hold(agents.value, people.value, (agent) => agent.userId, still.value)
  }

  async function reload(): Promise<void> {
    clearTimeout(soon)
    soon = undefined
    call?.abort()
    const mine = (call = new AbortController())
    const options = { signal: mine.signal }
    const team = teamId.value || undefined
    try {
      const [queue, staff] = await Promise.all([
        readAll((page) => kefu.listUnassignedSessions({ ...page, teamId: team }, options), LIMIT),
        readAll((page) => kefu.listAgents({ ...page, teamId: team }, options), LIMIT),
      ])
      if (mine.signal.aborted) return
      readAt.value = Date.now()
      sessions.value = orderWaiting(queue)
      people.value = orderAgents(staff, readAt.value)
      error.value = undefined
      show()
    } catch (failure) {
      if (mine.signal.aborted) return
      error.value = failure
    }
    loading.value = false
  }

  function reloadSoon(): void {
    soon ??= setTimeout(() => void reload(), SOON_MS)
  }

  const offs = [
    realtime.on('session', reloadSoon),
    realtime.on('status', reloadSoon),
    realtime.on('state', (state) => state === 'online' && reloadSoon()),
  ]
  const timer = setInterval(() => {
    if (!document.hidden) void reload()
  }, SLOW_MS)
  const onVisible = () => {
    if (!document.hidden) void reload()
  }
  document.addEventListener('visibilitychange', onVisible)
  onScopeDispose(() => {
    call?.abort()
    clearTimeout(soon)
    clearInterval(timer)
    document.removeEventListener('visibilitychange', onVisible)
    offs.forEach((off) => off())
  })

  watch(still, show)
  watch(
    teamId,
    () => {
      loading.value = true
      sessions.value = []
      people.value = []
      waiting.value = nothing()
      agents.value = nothing()
      void reload()
    },
    { immediate: true },
  )

  return { sessions, people, waiting, agents, loading, error, readAt, reload }
}
