/** A login: a short-lived token for calls, and one that exchanges for the next pair. */
export interface Tokens {
  accessToken: string
  refreshToken: string
  /** When the access token expires by this device's clock, in milliseconds since 1970. */
  expiresAt: number
  /** When to exchange it for a fresh one; a minute before it expires if left out. */
  renewAt?: number
  /** Who has logged in, as `CUSTOMER:7`. */
  owner?: string
}

/** So long before it expires a token is exchanged, but not before half of its life is over. */
const AHEAD_MS = 60_000

/** When a token is to be exchanged for a fresh one. */
export function renewTime(tokens: Tokens): number {
  return tokens.renewAt ?? tokens.expiresAt - AHEAD_MS
}

/** When a token that lives for so long expires, and when it is to be exchanged, by this device's clock. */
export function lifeOf(expiresInMs: number): { expiresAt: number; renewAt: number } {
  const expiresAt = Date.now() + expiresInMs
  return { expiresAt, renewAt: expiresAt - Math.min(AHEAD_MS, expiresInMs / 2) }
}

/** Where the login is kept. */
export interface TokenStore {
  read(): Tokens | null
  write(tokens: Tokens | null): void
  /** Tells when the login has changed, in whichever tab; returns how to stop that. */
  onChange?(fn: () => void): () => void
}

/** Keeps the login for as long as the page lives. */
export function memoryTokens(): TokenStore {
  let tokens: Tokens | null = null
  const watchers = new Set<() => void>()
  return {
    read: () => tokens,
    write(next) {
      tokens = next
      watchers.forEach((fn) => fn())
    },
    onChange(fn) {
      watchers.add(fn)
      return () => watchers.delete(fn)
    },
  }
}

/** Keeps the login in the browser under `key`, shared by its tabs; in memory where storage is forbidden. */
export function browserTokens(key: string, storage?: Storage): TokenStore {
  const memory = memoryTokens()
  let kept: Storage | null = null
  try {
    kept = storage ?? globalThis.localStorage ?? null
  } catch {
    // Forbidden: memory it is.
  }
  // What could not be written is in memory only, and then holds until it can be.
  let onlyMemory = kept === null
  return {
    read() {
      if (onlyMemory) return memory.read()
      try {
        return parse(kept?.getItem(key))
      } catch {
        return memory.read()
      }
    },
    write(tokens) {
      try {
        if (tokens) kept?.setItem(key, JSON.stringify(tokens))
        else kept?.removeItem(key)
        onlyMemory = kept === null
      } catch {
        onlyMemory = true
      }
      memory.write(tokens)
    },
    onChange(fn) {
      const off = memory.onChange?.(fn)
      const listen = (event: StorageEvent) => {
        if (event.storageArea === kept && (event.key === key || event.key === null)) fn()
      }
      const target = typeof window === 'undefined' ? null : window
      target?.addEventListener('storage', listen)
      return () => {
        off?.()
        target?.removeEventListener('storage', listen)
      }
    },
  }
}

function parse(text: string | null | undefined): Tokens | null {
  const tokens: unknown = text ? JSON.parse(text) : null
  return isTokens(tokens) ? tokens : null
}

function isTokens(value: unknown): value is Tokens {
  const tokens = value as Tokens | null
  return typeof tokens?.accessToken === 'string' && typeof tokens.refreshToken === 'string'
}
