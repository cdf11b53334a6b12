import { KefuError, ownError } from './error.js'
import type { LoginResponse } from './generated/types.js'
import { lifeOf, renewTime, type TokenStore, type Tokens } from './tokens.js'

/** So long another tab may take to exchange it. */
const LOCK_MS = 15_000

/** Keeps the access token fresh: one exchange at a time, in all tabs together, as a refresh token works only once. */
export class Login {
  private refreshing: Promise<void> | null = null

  constructor(
    private readonly store: TokenStore,
    private readonly exchange: (refreshToken: string) => Promise<LoginResponse>,
    private readonly language: () => string,
    private readonly onSignedOut: (error: KefuError) => void,
  ) {}

  /** A token that is still good; null if nobody is signed in. */
  async token(): Promise<string | null> {
    const tokens = this.store.read()
    if (!tokens) return null
    if (renewTime(tokens) > Date.now()) return tokens.accessToken
    try {
      await this.refresh(tokens.accessToken)
    } catch (error) {
      // It may be good for its last minute, or the clock may be wrong: the server decides.
      if (!this.store.read()) throw error
    }
    return this.store.read()?.accessToken ?? null
  }

  /** Replaces a token that is not good any more, unless that has been done already. */
  refresh(stale: string): Promise<void> {
    this.refreshing ??= locked('kefu-refresh', () => this.renew(stale)).finally(() => {
      this.refreshing = null
    })
    return this.refreshing
  }

  /** Keeps the tokens of an answer. */
  keep(answer: LoginResponse): void {
    const { accessToken, refreshToken, expiresIn, user } = answer
    const owner = user ? `${user.kind}:${user.id}` : undefined
    // The server's clock may differ from ours; how long the token lives does not.
    this.store.write({ accessToken, refreshToken, ...lifeOf(expiresIn * 1000), owner })
  }

  private async renew(stale: string): Promise<void> {
    const tokens = this.store.read()
    if (!tokens) throw ownError('UNAUTHENTICATED', this.language(), 401)
    if (tokens.accessToken !== stale) return
    try {
      const answer = await this.exchange(tokens.refreshToken)
      // Whoever has logged in or out meanwhile goes first.
      if (same(this.store.read(), tokens)) this.keep(answer)
    } catch (error) {
      if (!(error instanceof KefuError) || error.reason !== 'UNAUTHENTICATED' || !same(this.store.read(), tokens))
        throw error
      this.store.write(null)
      this.onSignedOut(error)
      throw error
    }
  }
}

function same(a: Tokens | null, b: Tokens): boolean {
  return a?.refreshToken === b.refreshToken
}

/** Runs `fn` while no other tab runs it. A tab that hangs with the lock in its hand holds the others up for a while only. */
async function locked(name: string, fn: () => Promise<void>): Promise<void> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  if (!locks) return fn()
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), LOCK_MS)
  let entered = false
  try {
    await locks.request(name, { signal: controller.signal }, () => {
      entered = true
      clearTimeout(timer)
      return fn()
    })
  } catch (error) {
    if (entered) throw error
    await fn()
  } finally {
    clearTimeout(timer)
  }
}
