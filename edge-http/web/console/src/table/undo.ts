import { ElNotification } from 'element-plus'
import 'element-plus/es/components/notification/style/css'
import { h, ref } from 'vue'

import { toast } from '../app/notify.ts'
import UndoNotice from './UndoNotice.vue'

/** How often something was restored: the list in sight reads its rows anew. */
export const restored = ref(0)

/** Says what was deleted, and offers to take that back: `restores` makes the calls, one for each object; `undone`
    says of how many it has worked. */
export function offerUndo(
  done: string,
  restores: readonly (() => Promise<unknown>)[],
  undone: (count: number) => string,
): void {
  let left = restores

  /** What fails stays to be tried again. */
  async function restore() {
    const failed: { call: () => Promise<unknown>; error: unknown }[] = []
    for (const call of left) await call().catch((error: unknown) => failed.push({ call, error }))
    const count = left.length - failed.length
    left = failed.map(({ call }) => call)
    if (count) {
      restored.value += 1
      toast(undone(count))
    }
    if (failed[0]) throw failed[0].error
  }

  const content = h(UndoNotice, { restore, onClose: () => notice.close() })
  const notice = ElNotification({
    title: done,
    message: content,
    type: 'success',
    position: 'bottom-right',
    duration: 0,
    onClose: () => {
      if (content.el?.contains(document.activeElement)) document.querySelector('main')?.focus({ preventScroll: true })
    },
  })
}
