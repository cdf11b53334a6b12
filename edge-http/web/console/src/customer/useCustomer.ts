import { KefuError, type Customer, type CustomerGender, type Institution } from '@kefu/sdk'
import { reactive, ref, type Ref } from 'vue'

import { kefu } from '../app/kefu.ts'
import { messageOf } from '../app/notify.ts'

/** What is written down about a customer besides who it is, in the order of the form. */
export const CUSTOMER_TEXTS = [
  'institution',
  'department',
  'position',
  'landline',
  'email',
  'emergencyPhone',
  'institutionPhone',
  'region',
  'address',
  'creditCode',
  'businessModules',
] as const

/** All that is written down about a customer in a line. */
export const FIELDS = ['name', 'phone', ...CUSTOMER_TEXTS] as const

/** The genders, in the order of the form. */
export const GENDERS: readonly CustomerGender[] = ['GENDER_UNSPECIFIED', 'FEMALE', 'MALE']

/** Fills in what is known of an institution; what stands there already was written by somebody who knew better. */
export function fillIn(
  form: Record<'region' | 'address' | 'creditCode' | 'institutionPhone', string>,
  known: Institution,
): void {
  for (const field of ['region', 'address', 'creditCode', 'institutionPhone'] as const) form[field] ||= known[field]
}

/** A field of one line. */
export type Field = (typeof FIELDS)[number]

/** The lines of a customer's record, and the remark. */
export type CustomerLines = Record<Field | 'remark', string>

/** A customer's record while it is being changed. */
export type CustomerForm = CustomerLines & { vip: boolean; gender: CustomerGender }

/** What is written down about a customer, to be changed; nothing yet about a new one. */
export function linesOf(from?: Customer): CustomerLines {
  return Object.fromEntries(
    [...FIELDS, 'remark' as const].map((field) => [field, from?.[field] ?? '']),
  ) as CustomerLines
}

/** A form of a customer's record. */
export interface CustomerEditing {
  form: CustomerForm
  /** By field, in the user's words. */
  errors: Record<string, string | undefined>
  /** What is wrong with the whole; empty for nothing. */
  failure: Ref<string>
  busy: Ref<boolean>
  begin(from: Customer): void
  /** Saves what has changed; null if that failed, and the errors say why. `then` goes with it. */
  save(from: Customer, then?: (saved: Customer) => Promise<void>): Promise<Customer | null>
}

/** Edits a customer's record: the fields, what is wrong with each, and saving only what has changed. */
export function useCustomer(): CustomerEditing {
  const form = reactive<CustomerForm>({ ...linesOf(), vip: false, gender: 'GENDER_UNSPECIFIED' })
  const errors = reactive<Record<string, string | undefined>>({})
  const failure = ref('')
  const busy = ref(false)

  function clear() {
    for (const field of Object.keys(errors)) delete errors[field]
    failure.value = ''
  }

  function begin(from: Customer) {
    Object.assign(form, linesOf(from), { vip: from.level === 'VIP', gender: from.gender })
    clear()
  }

  function changes(from: Customer) {
    const changed = ([...FIELDS, 'remark'] as const).filter((field) => form[field].trim() !== from[field])
    const level = form.vip ? ('VIP' as const) : ('NORMAL' as const)
    return {
      ...Object.fromEntries(changed.map((field) => [field, form[field].trim()])),
      ...(level !== from.level && { level }),
      ...(form.gender !== from.gender && { gender: form.gender }),
    }
  }

  async function save(from: Customer, then?: (saved: Customer) => Promise<void>) {
    if (busy.value) return null
    busy.value = true
    clear()
    try {
      const changed = changes(from)
      const nothing = Object.keys(changed).length === 0
      const saved = nothing ? from : await kefu.updateCustomerPatch({ id: from.id, ...changed })
      await then?.(saved)
      return saved
    } catch (error) {
      for (const detail of error instanceof KefuError ? error.details : []) errors[detail.field] = detail.reason
      failure.value = messageOf(error)
      return null
    } finally {
      busy.value = false
    }
  }

  return { form, errors, failure, busy, begin, save }
}
