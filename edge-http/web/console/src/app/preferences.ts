import { defineStore } from 'pinia'
import { computed, reactive, toRefs, watch, watchEffect } from 'vue'

import { i18n, type Language } from '../i18n/index.ts'
import { readStored, writeStored } from './storage.ts'

/** Light, dark, or as the system has it. */
export type Theme = 'system' | 'light' | 'dark'

/** What somebody has chosen for this browser. */
export interface Preferences {
  language: Language
  theme: Theme
  /** Which key sends: Enter, or Ctrl+Enter (Enter then breaks the line). */
  sendKey: 'enter' | 'ctrl-enter'
  /** Shortcuts of a single letter; switched off for those who dictate. */
  singleKeys: boolean
  /** A sound for a new session. */
  soundSession: boolean
  /** A sound for a message that nobody looks at. */
  soundMessage: boolean
  /** How many customers wait for an answer, in the window's title. */
  titleBadge: boolean
  /** Notifications of the desktop while the window is not looked at. */
  desktop: boolean
  /** Seconds in which sending can be undone; 0 sends at once. */
  undoSeconds: 0 | 3 | 5
}

// public/theme.js reads the same item before the first paint.
const KEY = 'kefu.console.preferences'

const DEFAULTS: Preferences = {
  language: navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh-CN',
  theme: 'system',
  sendKey: 'enter',
  singleKeys: true,
  soundSession: true,
  soundMessage: true,
  titleBadge: true,
  desktop: false,
  undoSeconds: 3,
}

/** The choices of this browser: language, theme, keys, sounds. They are kept, and act at once. */
export const usePreferences = defineStore('preferences', () => {
  const choices = reactive<Preferences>({ ...DEFAULTS, ...readStored<Partial<Preferences>>(KEY, {}) })
  const system = matchMedia('(prefers-color-scheme: dark)')
  const media = reactive({ dark: system.matches })
  system.addEventListener('change', (event) => (media.dark = event.matches))
  const dark = computed(() => (choices.theme === 'system' ? media.dark : choices.theme === 'dark'))

  watch(choices, (value) => writeStored(KEY, value), { deep: true })
  watchEffect(() => document.documentElement.classList.toggle('dark', dark.value))
  watchEffect(() => {
    i18n.global.locale.value = choices.language
    document.documentElement.lang = choices.language
  })
  // Another tab has changed them.
  addEventListener('storage', (event) => {
    if (event.key === KEY) Object.assign(choices, readStored<Partial<Preferences>>(KEY, {}))
  })

  return { ...toRefs(choices), dark }
})
