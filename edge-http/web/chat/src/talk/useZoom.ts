import { computed, ref } from 'vue'

const MOST = 6

/** Enlarging and moving a picture by fingers, wheel and buttons. A tap beside the picture leaves it. */
export function useZoom(leave: () => void) {
  const scale = ref(1)
  const x = ref(0)
  const y = ref(0)
  const down = new Map<number, { x: number; y: number }>()
  let moved = false
  const transform = computed(() => `translate(${x.value}px, ${y.value}px) scale(${scale.value})`)

  function zoomTo(to: number) {
    scale.value = Math.min(MOST, Math.max(1, to))
    if (scale.value === 1) x.value = y.value = 0
  }

  const spread = () => {
    const [a, b] = [...down.values()]
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0
  }

  const pointers = {
    pointerdown(event: PointerEvent) {
      if (down.size === 0) moved = false
      down.set(event.pointerId, { x: event.clientX, y: event.clientY })
      ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
    },
    pointermove(event: PointerEvent) {
      const last = down.get(event.pointerId)
      if (!last) return
      const by = { x: event.clientX - last.x, y: event.clientY - last.y }
      if (Math.abs(by.x) + Math.abs(by.y) > 2) moved = true
      const before = spread()
      down.set(event.pointerId, { x: event.clientX, y: event.clientY })
      if (down.size === 2 && before > 0) zoomTo((scale.value * spread()) / before)
      else if (scale.value > 1) {
        x.value += by.x
        y.value += by.y
      }
    },
    pointerup(event: PointerEvent) {
      down.delete(event.pointerId)
      const tapped = document.elementFromPoint(event.clientX, event.clientY)
      if (!moved && down.size === 0 && tapped === event.currentTarget) leave()
    },
    pointercancel(event: PointerEvent) {
      down.delete(event.pointerId)
    },
  }

  return {
    transform,
    pointers,
    zoomBy: (factor: number) => zoomTo(scale.value * factor),
    wheel: (event: WheelEvent) => zoomTo(scale.value * (event.deltaY < 0 ? 1.15 : 1 / 1.15)),
    toggle: () => zoomTo(scale.value > 1 ? 1 : 2.5),
  }
}
