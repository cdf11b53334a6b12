import { KefuError, isPassing } from './error.js'
import { Operations } from './generated/client.js'
import type { LoginResponse, LogoutRequest } from './generated/types.js'
import { Login } from './login.js'
import type { CallOptions, KefuOptions, UploadOptions } from './options.js'
import { memoryTokens, type TokenStore } from './tokens.js'
import { contentOf, exchange, locate, unwrap, type HttpAnswer, type HttpRequest } from './transport.js'

/** How often a call is made again that does no harm twice. */
const RETRIES = 2
const RETRY_MS = 400

/** Kefu's methods, for one login. */
export class Kefu extends Operations {
  /** Where the login is kept. */
  readonly tokens: TokenStore
  private readonly options: KefuOptions
  private readonly login_: Login

  constructor(options: KefuOptions = {}) {
    super()
    this.options = options
    this.tokens = options.tokens ?? memoryTokens()
    const language = () => this.language
    this.login_ = new Login(
      this.tokens,
      // For ten seconds the server answers a repeated exchange as it did the first time.
      (refreshToken) => this.again(true, () => super.refreshToken({ refreshToken }, { timeoutMs: 8000 })),
      language,
      (error) => options.onSignedOut?.(error),
    )
  }

  /** Whether there is a login. */
  get signedIn(): boolean {
    return this.tokens.read() !== null
  }

  /** The language of texts. */
  get language(): string {
    return this.options.language?.() ?? 'zh-CN'
  }

  /** An address on Kefu's server, as for `/ws`. */
  url(path: string): string {
    return (this.options.baseUrl ?? '').replace(/\/$/, '') + path
  }

  /** A token that is still good, for connections that are no calls; null if nobody is signed in. */
  accessToken(): Promise<string | null> {
    return this.login_.token()
  }

  /** Replaces a token that was refused. */
  renewToken(stale: string): Promise<void> {
    return this.login_.refresh(stale)
  }

  override async logout(request: LogoutRequest = {}, options?: CallOptions): Promise<void> {
    try {
      await super.logout(request, options)
    } finally {
      this.tokens.write(null)
    }
  }

  protected override async call<T>(
    verb: string,
    path: string,
    request: object,
    options: CallOptions = {},
    open = false,
  ): Promise<T> {
    const { url, body } = locate(verb, path, request)
    const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
    const harmless = verb === 'GET' || 'clientMsgId' in request || 'clientNoteId' in request
    const read = (answer: HttpAnswer) => unwrap(answer, this.language)
    const data = await this.again(harmless, () => this.perform(open, { verb, url, body, headers, ...options }, read))
    const login = loginOf(data)
    if (login) this.login_.keep(login)
    return data as T
  }

  protected override async upload<T>(path: string, request: { file: Blob }, options: UploadOptions = {}): Promise<T> {
    const { file, ...fields } = request
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) body.append(name, String(value))
    }
    // The last part: the server reads the fields first.
    body.append('file', file, (fields as { name?: string }).name ?? (file as Partial<File>).name ?? 'file')
    const known = { verb: 'POST', url: path, body, headers: {}, ...options }
    return (await this.perform(false, known, (answer) => unwrap(answer, this.language))) as T
  }

  protected override download(path: string, request: object, options: CallOptions = {}): Promise<Blob> {
    const { url } = locate('GET', path, request)
    const known = { verb: 'GET', url, headers: {}, ...options }
    return this.again(true, () => this.perform(false, known, (answer) => contentOf(answer, this.language)))
  }

  /** Makes a call with a token that is good, once more if it was not. */
  private async perform<T>(
    open: boolean,
    known: Omit<HttpRequest, 'language' | 'timeoutMs'> & CallOptions,
    read: (answer: HttpAnswer) => Promise<T>,
  ): Promise<T> {
    const { language } = this
    const attempt = (token: string | null) => {
      const headers: Record<string, string> = { ...known.headers, 'Accept-Language': language }
      if (token) headers.Authorization = `Bearer ${token}`
      const timeoutMs = known.timeoutMs ?? this.options.timeoutMs ?? 30_000
      return exchange({ ...known, url: this.url(known.url), headers, language, timeoutMs }, read)
    }
    const token = open ? null : await this.login_.token()
    try {
      return await attempt(token)
    } catch (error) {
      if (!token || !(error instanceof KefuError) || error.reason !== 'UNAUTHENTICATED') throw error
      await this.login_.refresh(token)
      return attempt(await this.login_.token())
    }
  }

  private async again<T>(harmless: boolean, attempt: () => Promise<T>): Promise<T> {
    for (let retries = 0; ; retries++) {
      try {
        return await attempt()
      } catch (error) {
        if (!harmless || retries >= RETRIES || !(error instanceof KefuError) || !worthRetrying(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * 2 ** retries * (0.5 + Math.random())))
      }
    }
  }
}

function worthRetrying(error: KefuError): boolean {
  return isPassing(error) && (error.reason === 'NETWORK' || error.status === 503)
}

/** The login within an answer, if there is one. */
function loginOf(data: unknown): LoginResponse | null {
  if (typeof data !== 'object' || data === null) return null
  const found = 'login' in data ? data.login : data
  const login = found as Partial<LoginResponse> | null
  return typeof login?.accessToken === 'string' && login.refreshToken ? (login as LoginResponse) : null
}
