import { browserTokens, Kefu, KefuError } from '@kefu/sdk'
import { ref } from 'vue'
import { language } from '../i18n/index.ts'

/** Grows when the login has ended and only a new code helps. */
export const signedOut = ref(0)

/** The customer's calls. The login is kept in this browser, for all its tabs. */
export const kefu = new Kefu({
  tokens: browserTokens('kefu.chat.login'),
  language: () => language.value,
  onSignedOut: () => (signedOut.value += 1),
})

/** The reason of a failure, for deciding what to do. */
export function reasonOf(error: unknown): KefuError['reason'] | null {
  return error instanceof KefuError ? error.reason : null
}
