import { KefuError, type UserInfo } from '@kefu/sdk'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { i18n } from '../i18n/index.ts'
import { kefu, onSignedOut, realtime } from './kefu.ts'

/** Who is signed in, and what they may do. */
export const useAuth = defineStore('auth', () => {
  const user = shallowRef<UserInfo | null>(null)
  /** Why the login has ended by itself, for the login page to say. */
  const endedBecause = ref('')
  const permissions = computed(() => new Set(user.value?.permissions ?? []))

  /** Whether the user holds a permission; without one named, always. */
  function may(permission?: string): boolean {
    return permission === undefined || permissions.value.has(permission)
  }

  function enter(info: UserInfo): void {
    user.value = info
    endedBecause.value = ''
    if (!info.mustChangePassword) realtime.start()
  }

  function leave(): void {
    realtime.stop()
    user.value = null
  }

  /** Reads the account of the stored login, once; throws where the server cannot be reached. */
  async function load(): Promise<void> {
    if (user.value) return
    const info = await kefu.getUserInfo({})
    // The phone login of a customer's page gives no entrance here.
    if (info.kind !== 'USER') return kefu.tokens.write(null)
    enter(info)
  }

  /** Reads the account again after it was changed. */
  async function reload(): Promise<void> {
    enter(await kefu.getUserInfo({}))
  }

  /** Ends the login, on this device or on all. Without a network it ends here. */
  async function logout(everywhere = false): Promise<void> {
    try {
      await kefu.logout({ everywhere })
    } catch (error) {
      if (!(error instanceof KefuError)) throw error
      kefu.tokens.write(null)
    }
    leave()
  }

  /** The login has ended by itself. */
  function ended(error: KefuError): void {
    // "Sign in first" says nothing to somebody who was signed in.
    const plain = error.reason === 'UNAUTHENTICATED'
    endedBecause.value = plain ? i18n.global.t('app.login.endedPlain') : error.message
    kefu.tokens.write(null)
    leave()
  }
  onSignedOut(ended)
  realtime.on('error', (error) => {
    if (error.status === 401 && user.value) ended(error)
  })

  return { user, endedBecause, may, enter, load, reload, logout }
})
