import { nextTick, onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** Nearer to the end than this is at the end. */
const NEAR_PX = 100

/** Where each conversation was being read when it was left, counted from the end. */
const places = new Map<string, number>()

/** The scrolling of a conversation: it follows the end while one is there, and nothing else moves it. */
export function useScroll(sessionId: string, scroller: Ref<HTMLElement | null>, content: Ref<HTMLElement | null>) {
  const atEnd = ref(true)
  // Whether the end is followed; a picture that loads or a box that grows must not end it, only the reader does.
  let pinned = true
  let lastTop = 0
  let observer: ResizeObserver | undefined

  function toEnd() {
    const element = scroller.value
    if (!element) return
    element.scrollTop = element.scrollHeight
    lastTop = element.scrollTop
    pinned = true
    atEnd.value = true
  }

  function onScroll() {
    const element = scroller.value
    if (!element) return
    // The news of our own scrolling comes when more may have come in below: only going up leaves the end.
    if (element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR_PX) pinned = true
    else if (element.scrollTop < lastTop) pinned = false
    lastTop = element.scrollTop
    atEnd.value = pinned
  }

  /** Puts an element near the top, with some of what was before it. */
  function show(target: HTMLElement) {
    const element = scroller.value
    if (!element) return
    const top = target.getBoundingClientRect().top - element.getBoundingClientRect().top
    element.scrollTop += top - 64
    onScroll()
  }

  /** Keeps what is being read where it is while older messages come in above. Called before they are drawn. */
  function keepPlace() {
    const element = scroller.value
    if (!element) return
    const fromEnd = element.scrollHeight - element.scrollTop
    const restore = () => (element.scrollTop = element.scrollHeight - fromEnd)
    // Once more after a frame: long messages fold when they know their height.
    void nextTick(() => {
      restore()
      requestAnimationFrame(restore)
    })
  }

  /** Goes back to where this conversation was left; false if that is the end. */
  function restore(): boolean {
    const fromEnd = places.get(sessionId)
    const element = scroller.value
    if (fromEnd === undefined || !element) return false
    element.scrollTop = element.scrollHeight - fromEnd
    onScroll()
    return true
  }

  onMounted(() => {
    observer = new ResizeObserver(() => {
      if (pinned) toEnd()
    })
    if (scroller.value) observer.observe(scroller.value)
    if (content.value) observer.observe(content.value)
  })
  onBeforeUnmount(() => {
    observer?.disconnect()
    const element = scroller.value
    if (!element) return
    if (pinned) places.delete(sessionId)
    else places.set(sessionId, element.scrollHeight - element.scrollTop)
  })

  return { atEnd, toEnd, onScroll, show, keepPlace, restore, isPinned: () => pinned }
}
