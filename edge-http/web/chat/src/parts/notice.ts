import { ref } from 'vue'

/** A short word on what has just happened. */
export const notice = ref('')

let timer: ReturnType<typeof setTimeout>

/** Shows a notice for as long as it takes to read it. */
export function notify(text: string): void {
  notice.value = text
  clearTimeout(timer)
  timer = setTimeout(() => (notice.value = ''), 2500 + text.length * 60)
}
