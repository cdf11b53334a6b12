import type { Conversation, Message } from '@kefu/sdk'
import { nextTick, onBeforeUnmount, onBeforeUpdate, onMounted, onUpdated, ref, type Ref } from 'vue'
import { isMine } from './rows.ts'
import type { View } from './useConversation.ts'

/** So near the end counts as being there. */
const NEAR = 100
/** So near the beginning, earlier messages are fetched. */
const EARLY = 300

interface Scrolled {
  conversation: Conversation
  view: () => View
  /** How many messages and files of the customer's own are on their way: one more brings the end into view. */
  mine: () => number
  readOnly: () => boolean
}

/** Holds the place in a list that grows at both ends: at the end it stays there; elsewhere nothing moves, and what came
 *  meanwhile is counted. Opens at the first unread message, else at the end. */
export function useScroll(box: Ref<HTMLElement | undefined>, content: Ref<HTMLElement | undefined>, list: Scrolled) {
  const pinned = ref(true)
  const missed = ref(0)
  let opened = false
  let lastTop = 0
  let before = { last: 0, mine: 0 }
  // How high the list was when it was last at its end: without a change there is nothing to follow.
  let followed = ''
  // A message in sight and where it stood: whatever changes around it, there it stays.
  let held: { turn: HTMLElement; top: number } | null = null

  const lastSeq = () => {
    const { messages } = list.view()
    return messages[messages.length - 1]?.seq ?? 0
  }

  function hold() {
    const top = box.value?.scrollTop ?? 0
    const turns = [...(content.value?.querySelectorAll<HTMLElement>('.turn') ?? [])]
    const turn = turns.find((one) => one.offsetTop + one.offsetHeight > top)
    held = turn ? { turn, top: turn.offsetTop - top } : null
  }

  function toBottom(read = false) {
    const element = box.value
    if (!element) return
    element.scrollTop = element.scrollHeight
    lastTop = element.scrollTop
    followed = heights(element)
    pinned.value = true
    missed.value = 0
    if (read) markRead()
  }

  const isNearEnd = (element: HTMLElement) => element.scrollHeight - element.scrollTop - element.clientHeight < NEAR
  const heights = (element: HTMLElement) => `${element.scrollHeight} in ${element.clientHeight}`

  /** Stays at the end, where that has moved. */
  function follow(element: HTMLElement) {
    if (heights(element) !== followed) toBottom()
  }

  function markRead() {
    if (list.readOnly() || !opened || !pinned.value || document.visibilityState !== 'visible') return
    const last = lastSeq()
    const { session } = list.view()
    if (last > (session?.customerReadSeq ?? 0)) list.conversation.markRead(last)
  }

  function onScroll() {
    const element = box.value
    // While the first messages are still to come, every place is the end.
    if (!element || !opened) return
    // Scrolling that is not the customer's comes late, when more may have come in below, or the box may have changed:
    // only going up in a box that stays as it is leaves the end.
    if (isNearEnd(element)) pinned.value = true
    else if (element.scrollTop < lastTop && heights(element) === followed) pinned.value = false
    lastTop = element.scrollTop
    if (pinned.value) {
      missed.value = 0
      markRead()
    }
    const { hasOlder, loading, error } = list.view()
    const mayLoad = hasOlder && loading === 'no' && !error
    if (mayLoad && element.scrollTop < EARLY) void list.conversation.loadOlder().catch(() => undefined)
  }

  function start() {
    const element = box.value
    if (!element || lastSeq() === 0) return
    opened = true
    const unread = element.querySelector<HTMLElement>('[data-unread]')
    if (unread) element.scrollTop = unread.offsetTop - 16
    else toBottom()
    followed = heights(element)
    pinned.value = isNearEnd(element)
    lastTop = element.scrollTop
    markRead()
    void nextTick(onScroll)
  }

  function settle() {
    const element = box.value
    if (!element) return
    if (!opened) return start()
    if (list.mine() > before.mine) toBottom()
    else if (pinned.value) follow(element)
    else if (held?.turn.isConnected) element.scrollTop = held.turn.offsetTop - held.top
    if (lastSeq() > before.last && !pinned.value) {
      const theirs = (one: Message) => !isMine(one) && one.contentType !== 'EVENT'
      missed.value += list.view().messages.filter((one) => one.seq > before.last && theirs(one)).length
    }
    markRead()
  }

  onBeforeUpdate(hold)
  onUpdated(() => {
    settle()
    before = { last: lastSeq(), mine: list.mine() }
  })

  // Pictures and the keyboard change heights without a render.
  const observer = new ResizeObserver(() => {
    if (pinned.value && opened && box.value) follow(box.value)
  })
  const onVisible = () => markRead()
  onMounted(() => {
    box.value?.addEventListener('scroll', onScroll, { passive: true })
    document.addEventListener('visibilitychange', onVisible)
    if (box.value) observer.observe(box.value)
    if (content.value) observer.observe(content.value)
    before = { last: lastSeq(), mine: list.mine() }
    start()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', onVisible)
    observer.disconnect()
  })

  return { pinned, missed, toBottom }
}
