import { ref } from 'vue'

/** Files dropped anywhere on the page. */
export function useDrop(take: (files: File[]) => void) {
  const over = ref(false)
  const hasFiles = (event: DragEvent) => [...(event.dataTransfer?.types ?? [])].includes('Files')
  const events = {
    dragover(event: DragEvent) {
      if (!hasFiles(event)) return
      event.preventDefault()
      over.value = true
    },
    dragleave(event: DragEvent) {
      const to = event.relatedTarget
      if (!(to instanceof Node) || !(event.currentTarget as Node).contains(to)) over.value = false
    },
    drop(event: DragEvent) {
      over.value = false
      if (!hasFiles(event)) return
      event.preventDefault()
      take([...(event.dataTransfer?.files ?? [])])
    },
  }
  return { over, events }
}
