import { KefuError } from '@kefu/sdk'
import { computed, onBeforeUnmount, onMounted, reactive, ref, shallowRef, type InjectionKey, type Ref } from 'vue'
import { onBeforeRouteLeave, onBeforeRouteUpdate, type RouteLocationNormalized } from 'vue-router'

import { confirm, messageOf } from '../../app/notify.ts'
import { i18n } from '../../i18n/index.ts'

/** A field that is not accepted, and why. */
export interface Problem {
  field: string
  message: string
}

/** What a form's fields and frame know of it. */
export interface FormState {
  dirty: Ref<boolean>
  saving: Ref<boolean>
  problems: Ref<Problem[]>
  /** Why nothing was saved, where no field is to blame. */
  failure: Ref<string>
  /** The message of one field. */
  problem: (field: string) => string | undefined
}

/** Gives a form to its fields. */
export const FORM: InjectionKey<FormState> = Symbol('form')

function problemsOf(error: unknown): Problem[] {
  if (!(error instanceof KefuError)) return []
  return error.details.map((detail) => ({ field: detail.field, message: detail.reason }))
}

/** A form: what is typed, whether it differs from what is stored, and what the server said to it. Leaving it with
    something unsaved asks first. */
export function useForm<Model extends object>(initial: () => Model) {
  const model = reactive(initial()) as Model
  const stored = ref(JSON.stringify(model))
  const dirty = computed(() => JSON.stringify(model) !== stored.value)
  const saving = ref(false)
  const error = shallowRef<unknown>()
  const problems = computed(() => problemsOf(error.value))
  const failure = computed(() => (error.value && problems.value.length === 0 ? messageOf(error.value) : ''))

  /** Takes what is stored now; what was typed is forgotten. */
  function reset(): void {
    Object.assign(model, initial())
    stored.value = JSON.stringify(model)
    error.value = undefined
  }

  /** Saves by a call; false if it failed, and then the form says why. */
  async function submit(save: () => Promise<unknown>): Promise<boolean> {
    if (saving.value) return false
    saving.value = true
    error.value = undefined
    try {
      await save()
      stored.value = JSON.stringify(model)
      return true
    } catch (reason) {
      error.value = reason
      return false
    } finally {
      saving.value = false
    }
  }

  guardUnsaved(dirty)
  const problem = (field: string) => problems.value.find((one) => one.field === field)?.message
  return { model, dirty, saving, problems, failure, problem, reset, submit }
}

/** Asks before a page, or the details beside a list, is left with something unsaved. */
function guardUnsaved(dirty: Ref<boolean>): void {
  const { t } = i18n.global
  const guard = (to: RouteLocationNormalized, from: RouteLocationNormalized) => {
    const stays = to.path === from.path && to.query.open === from.query.open
    if (stays || !dirty.value) return true
    return confirm(t('admin.form.unsaved'), t('admin.form.discard'))
  }
  onBeforeRouteLeave(guard)
  onBeforeRouteUpdate(guard)
  const onUnload = (event: BeforeUnloadEvent) => {
    if (dirty.value) event.preventDefault()
  }
  onMounted(() => addEventListener('beforeunload', onUnload))
  onBeforeUnmount(() => removeEventListener('beforeunload', onUnload))
}
