import { nextTick, type Ref } from 'vue'

/** What a text box needs beyond typing: growing with its text, and texts put in at the caret. */
export function useBox(box: Ref<HTMLTextAreaElement | null>, text: Ref<string>, mostPx: number) {
  function grow() {
    const element = box.value
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${Math.min(element.scrollHeight, mostPx)}px`
  }

  /** Puts a text in place of a part of the words, and the caret behind it. */
  async function replace(from: number, to: number, insert: string) {
    text.value = text.value.slice(0, from) + insert + text.value.slice(to)
    await nextTick()
    const caret = from + insert.length
    box.value?.focus()
    box.value?.setSelectionRange(caret, caret)
    grow()
  }

  /** Puts a text in at the caret. */
  async function insert(words: string) {
    const element = box.value
    await replace(element?.selectionStart ?? text.value.length, element?.selectionEnd ?? text.value.length, words)
  }

  return { grow, replace, insert }
}
