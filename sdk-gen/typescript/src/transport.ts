import { KefuError, ownError, type ErrorData } from './error.js'
import type { UploadOptions } from './options.js'

/** One HTTP request, ready to go. */
export interface HttpRequest {
  verb: string
  url: string
  headers: Record<string, string>
  body?: string | FormData
  language: string
  timeoutMs: number
  signal?: AbortSignal
  keepalive?: boolean
  onProgress?: UploadOptions['onProgress']
}

/** An answer, whichever way it came. */
export interface HttpAnswer {
  status: number
  header(name: string): string | null
  text(): Promise<string>
  blob(): Promise<Blob>
}

/** Sends a request and waits for the whole answer; fails when there is none. */
export async function exchange<T>(request: HttpRequest, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let late = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      late = true
      controller.abort()
    }, request.timeoutMs)
  }
  const abort = () => controller.abort()
  request.signal?.addEventListener('abort', abort)
  if (request.signal?.aborted) abort()
  wait()
  try {
    const byXhr = request.onProgress && typeof XMLHttpRequest !== 'undefined'
    return await read(
      byXhr ? await sendByXhr(request, controller.signal, wait) : await send(request, controller.signal),
    )
  } catch (error) {
    if (error instanceof KefuError) throw error
    throw ownError(late ? 'TIMEOUT' : request.signal?.aborted ? 'ABORTED' : 'NETWORK', request.language)
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', abort)
  }
}

async function send({ verb, url, headers, body, keepalive }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const response = await fetch(url, { method: verb, headers, body, signal, keepalive, credentials: 'omit' })
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    text: () => response.text(),
    blob: () => response.blob(),
  }
}

/** `fetch` does not tell how far an upload has come. */
function sendByXhr(request: HttpRequest, signal: AbortSignal, onLife: () => void): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open(request.verb, request.url)
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value)
    xhr.upload.onprogress = (event) => {
      onLife()
      if (event.lengthComputable) request.onProgress?.(event.loaded, event.total)
    }
    xhr.onload = () =>
      resolve({
        status: xhr.status,
        header: (name) => xhr.getResponseHeader(name),
        text: async () => xhr.responseText,
        blob: async () => new Blob([xhr.responseText]),
      })
    xhr.onerror = xhr.onabort = reject
    signal.addEventListener('abort', () => xhr.abort())
    if (signal.aborted) return reject(signal.reason)
    xhr.send(request.body)
  })
}

interface Envelope extends Partial<ErrorData> {
  code: number
  data: unknown
}

/** The data of an answer, or the error that it is. */
export async function unwrap(answer: HttpAnswer, language: string): Promise<unknown> {
  const envelope = parse(await answer.text())
  if (envelope && answer.status < 300) return envelope.data
  throw failure(answer, envelope, language)
}

/** The error of an answer to a download. */
export async function contentOf(answer: HttpAnswer, language: string): Promise<Blob> {
  if (answer.status < 300) return answer.blob()
  throw failure(answer, parse(await answer.text()), language)
}

function failure(answer: HttpAnswer, envelope: Envelope | null, language: string): KefuError {
  const { status } = answer
  if (!envelope?.reason) return foreign(status, language)
  const seconds = Number(answer.header('Retry-After'))
  return new KefuError({
    status,
    reason: envelope.reason,
    message: envelope.message ?? '',
    details: envelope.details,
    retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
    requestId: envelope.requestId,
  })
}

/** Something between us and Kefu has answered: a proxy, or the login page of a hotel's network. */
function foreign(status: number, language: string): KefuError {
  if (status < 400) return ownError('NETWORK', language)
  if (status === 413) return ownError('TOO_LARGE', language, status)
  return ownError(status >= 502 && status <= 504 ? 'UNAVAILABLE' : 'INTERNAL', language, status)
}

function parse(text: string): Envelope | null {
  try {
    const json: unknown = JSON.parse(text)
    return typeof (json as Envelope | null)?.code === 'number' ? (json as Envelope) : null
  } catch {
    return null
  }
}

/** Path and query of a call, and what remains for the body. */
export function locate(verb: string, path: string, request: object): { url: string; body?: string } {
  const rest: Record<string, unknown> = { ...request }
  let url = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name])
    delete rest[name]
    return encodeURIComponent(value)
  })
  if (verb !== 'GET' && verb !== 'DELETE') return { url, body: JSON.stringify(rest) }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(rest)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      // To the server, empty is the same as absent.
      if (item !== undefined && item !== null && item !== '') query.append(name, String(item))
    }
  }
  const text = query.toString()
  if (text) url += `?${text}`
  return { url }
}
