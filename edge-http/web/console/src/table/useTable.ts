import { KefuError } from '@kefu/sdk'
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { restored } from './undo.ts'
import { lastPage, readState, writeState, type TableState } from './state.ts'
import type { TableSource } from './types.ts'

/** A list that follows the address: its rows, and the ways to ask for others. */
export function useTable<Row>(source: Ref<TableSource<Row>>) {
  const route = useRoute()
  const router = useRouter()
  const path = route.path
  const rows = shallowRef<readonly Row[]>([])
  const total = ref(0)
  const loading = ref(true)
  const error = shallowRef<unknown>()
  let call: AbortController | undefined

  const rules = computed(() => ({
    filterKeys: [
      ...source.value.filters.map((filter) => filter.key),
      ...(source.value.search ? [source.value.search.key] : []),
    ],
    sorts: source.value.columns.flatMap((column) => column.sort ?? []),
  }))
  const state = computed(() => readState(route.query, rules.value))

  /** Goes to another state. Typing replaces the address, so that "back" leaves the list and not a letter. */
  function go(next: TableState, replace = false): void {
    const target = { path, query: writeState(next) }
    void (replace ? router.replace(target) : router.push(target))
  }

  async function load(): Promise<void> {
    call?.abort()
    const mine = (call = new AbortController())
    loading.value = true
    const { filters, sort, page, size } = state.value
    try {
      const answer = await source.value.load({ filters, sort, page, size }, { signal: mine.signal })
      if (mine.signal.aborted) return
      const last = lastPage(answer.total, size)
      if (page > last) return go({ ...state.value, page: last }, true)
      rows.value = answer.list
      total.value = answer.total
      error.value = undefined
      loading.value = false
    } catch (failure) {
      if (mine.signal.aborted || (failure instanceof KefuError && failure.reason === 'ABORTED')) return
      error.value = failure
      loading.value = false
    }
  }

  const asked = computed(() => {
    const { filters, sort, page, size } = state.value
    return JSON.stringify([filters, sort, page, size])
  })
  // A page that is being left changes its address before it goes: nothing is to be loaded for that.
  watch([asked, restored], () => void (route.path === path && load()), { immediate: true })
  onScopeDispose(() => call?.abort())

  return { state, go, rows, total, loading, error, reload: load }
}
