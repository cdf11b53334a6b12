import { KefuError, Permission, type Agent, type AgentStatus, type Session, type StatusUpdate } from '@kefu/sdk'
import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'

import { useAuth } from '../app/auth.ts'
import { kefu, realtime } from '../app/kefu.ts'

/** Something happened to a session that the agent should hear of. */
export type DeskEvent =
  { kind: 'arrived'; session: Session } | { kind: 'left'; session: Session } | { kind: 'offered'; session: Session }

/** So long the news of a session may come after its message. */
const SETTLE_MS = 300

/** The agent's desk: own sessions, the waiting ones, offers of transfer, and the agent's own state. */
export const useDesk = defineStore('desk', () => {
  const auth = useAuth()
  const me = computed(() => auth.user?.id ?? '0')
  const agent = shallowRef<Agent | null>(null)
  const known = shallowReactive(new Map<string, Session>())
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  const failure = shallowRef<unknown>()
  /** Sessions that stay known whatever becomes of them: they are open in a tab. */
  const held = ref<readonly string[]>([])
  const typing = shallowReactive(new Map<string, number>())
  const listeners = new Set<(event: DeskEvent) => void>()
  // Sessions that the agent has just taken: no news to whoever did it.
  const taken = new Set<string>()
  // The newest messages whose sessions have not been told of yet.
  const spoken = new Map<string, number>()

  const isMine = (session?: Session) => session?.status === 'ACTIVE' && session.agentId === me.value
  const isWaiting = (session: Session) => session.status === 'QUEUED' || session.status === 'MESSAGE_LEFT'
  const isOffer = (session?: Session) => session?.status === 'ACTIVE' && session.transfer?.toAgentId === me.value
  const all = computed(() => [...known.values()])
  const mine = computed(() => all.value.filter(isMine))
  const queue = computed(() => all.value.filter(isWaiting))
  const offers = computed(() => all.value.filter(isOffer))
  const unanswered = computed(() => mine.value.filter((session) => session.unansweredSince).length)
  const maySteer = computed(() => auth.may(Permission.SESSION_ASSIGN))

  function tell(event: DeskEvent) {
    for (const listener of listeners) listener(event)
  }

  /** Whether a session is the desk's business. */
  function belongs(session: Session): boolean {
    if (isMine(session) || isOffer(session) || held.value.includes(session.id)) return true
    return maySteer.value && isWaiting(session)
  }

  /** Lets go of a session that was only known because its tab was open. */
  function release(id: string): void {
    const session = known.get(id)
    if (session && !belongs(session)) known.delete(id)
  }

  /** Takes a session's newest version; older ones change nothing. */
  function put(session: Session): void {
    const before = known.get(session.id)
    if (before && before.version >= session.version) return
    if (belongs(session)) known.set(session.id, session)
    else known.delete(session.id)
    if (state.value !== 'ready') return
    if (isMine(session) && !isMine(before) && !taken.delete(session.id)) tell({ kind: 'arrived', session })
    if (!isMine(session) && isMine(before)) tell({ kind: 'left', session })
    if (isOffer(session) && !isOffer(before)) tell({ kind: 'offered', session })
  }

  async function everyPage(read: (page: number) => Promise<{ list: Session[]; pages: number }>): Promise<Session[]> {
    const sessions: Session[] = []
    for (let page = 1, pages = 1; page <= Math.min(pages, 5); page++) {
      const answer = await read(page)
      sessions.push(...answer.list)
      pages = answer.pages
    }
    return sessions
  }

  /** Reads everything anew: at the start, and after the connection was away. */
  async function load(): Promise<void> {
    if (state.value !== 'ready') state.value = 'loading'
    try {
      const [mine, waiting, own] = await Promise.all([
        everyPage((page) => kefu.listSessions({ mine: true, status: ['ACTIVE'], page, size: 100 })),
        maySteer.value ? everyPage((page) => kefu.listUnassignedSessions({ page, size: 100 })) : [],
        kefu.getMyAgent({}),
      ])
      agent.value = own
      const now = new Set([...mine, ...waiting].map((session) => session.id))
      for (const session of [...mine, ...waiting]) put(session)
      await Promise.all([...known.keys()].filter((id) => !now.has(id)).map(refresh))
      await loadOffers()
      state.value = 'ready'
      failure.value = undefined
    } catch (error) {
      // What is shown stays; the strip of the connection says that it may be old.
      if (state.value !== 'ready') {
        failure.value = error
        state.value = 'failed'
      }
    }
  }

  /** Asks how a session stands; one that is no longer to be seen leaves the desk. */
  async function refresh(id: string): Promise<void> {
    try {
      put(await kefu.getSession({ id }))
    } catch (error) {
      if (!(error instanceof KefuError) || error.status !== 404) throw error
      const before = known.get(id)
      known.delete(id)
      if (before && isMine(before)) tell({ kind: 'left', session: { ...before, agentId: '0', agentName: '' } })
    }
  }

  /** A message brings no news of its session with it: those follow with somebody's marks, or not at all. */
  function catchUp(id: string, seq: number): void {
    const waits = spoken.has(id)
    spoken.set(id, Math.max(seq, spoken.get(id) ?? 0))
    if (waits) return
    setTimeout(() => {
      const session = known.get(id)
      const last = spoken.get(id) ?? 0
      spoken.delete(id)
      if (session && session.lastSeq < last) void refresh(id).catch(() => undefined)
    }, SETTLE_MS)
  }

  /** Offers made while nobody was connected are known from the notifications. */
  async function loadOffers(): Promise<void> {
    const { list } = await kefu.listNotifications({ unread: true, size: 50 })
    const asked = list.filter((notification) => notification.type === 'TRANSFER_REQUESTED')
    await Promise.all([...new Set(asked.map((notification) => notification.sessionId))].map(refresh))
  }

  function onStatus(update: StatusUpdate) {
    const { principal, online } = update
    if (principal?.kind === 'CUSTOMER') {
      for (const session of known.values()) {
        if (session.customerId === principal.id && session.customerOnline !== online) {
          known.set(session.id, { ...session, customerOnline: online })
        }
      }
    } else if (principal?.kind === 'USER' && principal.id === me.value && agent.value?.status !== update.status) {
      void kefu.getMyAgent({}).then(
        (own) => (agent.value = own),
        () => undefined,
      )
    }
  }

  function onTyping(sessionId: string) {
    typing.set(sessionId, Date.now())
    setTimeout(() => {
      if (Date.now() - (typing.get(sessionId) ?? 0) >= 4900) typing.delete(sessionId)
    }, 5000)
  }

  let offs: (() => void)[] = []

  /** Begins to follow what happens; once a login. */
  function start(): void {
    if (offs.length > 0) return
    let away = false
    offs = [
      realtime.on('session', put),
      realtime.on('message', ({ sessionId, seq }) => catchUp(sessionId, seq)),
      realtime.on('recall', ({ sessionId }) => {
        if (known.has(sessionId)) void refresh(sessionId).catch(() => undefined)
      }),
      realtime.on('status', onStatus),
      realtime.on('typing', ({ sessionId, sender }) => {
        if (sender.kind === 'CUSTOMER') onTyping(sessionId)
      }),
      realtime.on('notification', (notification) => {
        if (notification.type === 'TRANSFER_REQUESTED') void refresh(notification.sessionId).catch(() => undefined)
      }),
      realtime.on('state', (now) => {
        if (now !== 'online' && now !== 'fallback') away = true
        else if (away) {
          away = false
          void load()
        }
      }),
    ]
    void load()
  }

  /** Forgets everything: somebody else may sign in. */
  function stop(): void {
    offs.forEach((off) => off())
    offs = []
    known.clear()
    typing.clear()
    taken.clear()
    agent.value = null
    held.value = []
    state.value = 'idle'
  }

  /** Sets the agent's status. */
  async function setStatus(status: AgentStatus): Promise<void> {
    agent.value = await kefu.setMyAgentStatus({ status })
  }

  /** Takes a waiting session personally. */
  async function takeOver(id: string): Promise<void> {
    taken.add(id)
    put(await kefu.takeOverSession({ id }))
  }

  /** Takes a session that a colleague offers. */
  async function acceptOffer(id: string): Promise<void> {
    taken.add(id)
    put(await kefu.acceptTransfer({ id }))
  }

  /** Whether the agent has put a session aside for later. */
  const isLater = (id: string) => known.get(id)?.markedUnread ?? false

  /** Puts a session aside for later, or takes the mark back, in all of the agent's browsers. */
  async function setLater(id: string, on: boolean): Promise<void> {
    const session = known.get(id)
    if (!isMine(session) || session?.markedUnread === on) return
    // What was read just before may not have been told yet.
    if (on) return put(await kefu.markSessionUnread({ id, readSeq: realtime.conversation(id).readSeq }))
    put(await kefu.unmarkSessionUnread({ id }))
  }

  /** Hears what happens to sessions. */
  function listen(listener: (event: DeskEvent) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    agent,
    known,
    state,
    failure,
    held,
    isLater,
    typing,
    me,
    mine,
    queue,
    offers,
    unanswered,
    maySteer,
    isMine,
    put,
    release,
    load,
    refresh,
    start,
    stop,
    setStatus,
    takeOver,
    acceptOffer,
    setLater,
    listen,
  }
})
