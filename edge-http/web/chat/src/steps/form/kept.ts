import { drafts } from '@kefu/shared/drafts.ts'
import { ofTab } from '@kefu/shared/storage.ts'
import type { Registration } from '../../app/visit.ts'
import { emptyForm } from './check.ts'

/** What survives a reload of the form: phones close a page while its owner looks at the SMS. */
export interface Kept {
  form: Registration
  /** The number the last code went to. */
  sentTo: string
  /** When another code can be asked for, by this device's clock. */
  resendAt: number
}

const store = drafts('kefu.chat.', ofTab)
addEventListener('pagehide', () => store.flush())

/** What was filled in before. */
export function readKept(): Kept {
  const empty: Kept = { form: { ...emptyForm }, sentTo: '', resendAt: 0 }
  try {
    const kept = JSON.parse(store.read('form') || '{}') as Partial<Kept>
    return { ...empty, ...kept, form: { ...emptyForm, ...kept.form } }
  } catch {
    return empty
  }
}

/** Keeps what is filled in. */
export function keep(kept: Kept): void {
  store.write('form', JSON.stringify(kept))
}
