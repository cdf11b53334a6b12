import { defineStore } from 'pinia'
import { computed, ref, watchEffect } from 'vue'

import { i18n } from '../i18n/index.ts'

/** The window's title: how many wait for an answer, the page, the product. */
export const usePageTitle = defineStore('title', () => {
  const page = ref('')
  /** Shown in brackets before the page; 0 for nothing. */
  const badge = ref(0)
  const text = computed(() => {
    const product = i18n.global.t('app.product')
    const name = page.value && page.value !== product ? `${page.value} · ${product}` : product
    return badge.value > 0 ? `(${badge.value}) ${name}` : name
  })
  watchEffect(() => (document.title = text.value))
  return { page, badge }
})
