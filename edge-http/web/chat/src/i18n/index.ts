import { lasting } from '@kefu/shared/storage.ts'
import { ref, shallowRef } from 'vue'
import { zh, type Texts } from './zh-CN.ts'

/** A language of the page. */
export type Language = 'zh-CN' | 'en'

const KEY = 'kefu.chat.language'
const texts = shallowRef<Texts>(zh)

/** The language in use. */
export const language = ref<Language>('zh-CN')

/** The text for a key, with `{name}` filled in; where it has two forms, `n` chooses. */
export function t(key: keyof Texts, values: Record<string, string | number> = {}): string {
  const forms = texts.value[key].split('|')
  const form = values.n === 1 || forms.length === 1 ? forms[0] : forms[1]
  return (form ?? '').replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** The language to start with: asked for by the address, chosen before, or the browser's. */
export function preferredLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang')
  const wanted = asked ?? lasting?.getItem(KEY) ?? navigator.language
  return /^zh\b/i.test(wanted) ? 'zh-CN' : 'en'
}

/** Shows the page in a language; texts other than Chinese are fetched then. */
export async function useLanguage(wanted: Language): Promise<void> {
  texts.value = wanted === 'en' ? (await import('./en.ts')).en : zh
  language.value = wanted
  document.documentElement.lang = wanted
}

/** Changes the language and remembers it. */
export async function chooseLanguage(wanted: Language): Promise<void> {
  await useLanguage(wanted)
  try {
    lasting?.setItem(KEY, wanted)
  } catch {
    // Not remembered, then.
  }
}
