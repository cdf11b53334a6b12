import { createI18n } from 'vue-i18n'

import en from './en/index.ts'
import zhCN from './zh-CN/index.ts'

/** A language of the console. */
export type Language = 'zh-CN' | 'en'

declare module 'vue-i18n' {
  // Keys are completed and checked against the Chinese texts.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  export interface DefineLocaleMessage extends Texts {}
}

type Texts = typeof zhCN

/** The texts. Chinese is the first language; `en` has the same keys, or it does not pass the type check. */
export const i18n = createI18n<[Texts], Language, false>({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zhCN, en },
})
