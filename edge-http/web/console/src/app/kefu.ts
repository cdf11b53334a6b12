import { browserTokens, Kefu, Realtime, type KefuError } from '@kefu/sdk'

import { i18n } from '../i18n/index.ts'

const signedOutListeners = new Set<(error: KefuError) => void>()

/** The calls of the signed-in user. Its tokens are shared by the tabs of this browser. */
export const kefu = new Kefu({
  tokens: browserTokens('kefu.console'),
  language: () => i18n.global.locale.value,
  onSignedOut: (error) => signedOutListeners.forEach((listener) => listener(error)),
})

/** What happens now: messages, sessions, states. It runs while somebody is signed in. */
export const realtime = new Realtime(kefu, { storageKey: 'kefu.console' })

/** Tells when the login has ended by itself: revoked, expired, disabled, or the password was changed elsewhere. */
export function onSignedOut(listener: (error: KefuError) => void): void {
  signedOutListeners.add(listener)
}
