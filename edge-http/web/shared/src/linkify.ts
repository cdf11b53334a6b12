/** A stretch of a message: plain text, or something that can be tapped. */
export interface Piece {
  kind: 'text' | 'url' | 'phone' | 'email'
  text: string
  /** Where a tap goes; empty for plain text. */
  href: string
}

// An address ends at a space, at CJK text or at CJK punctuation: Chinese is written without spaces.
const URL_ = String.raw`(?:https?:\/\/|www\.)[^\s<>"'\u2018-\u201d\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+`
const EMAIL = String.raw`[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}`
// Mobile numbers, 400 and 800 numbers, numbers with an area code. Longer rows of digits are something else.
const PHONE = String.raw`(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}|[48]00[- ]?\d{3}[- ]?\d{4}|0\d{2,3}-\d{7,8}`
const FOUND = new RegExp(`(${URL_})|(${EMAIL})|(${PHONE})`, 'gi')

/** Splits a message's text into plain and tappable stretches; joined together they give the text again. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  // `matchAll` is younger than the oldest WebView that opens these pages.
  FOUND.lastIndex = 0
  for (let match = FOUND.exec(text); match; match = FOUND.exec(text)) {
    const at = match.index
    const piece = tappable(match, text)
    if (!piece || at < from) continue
    if (at > from) pieces.push({ kind: 'text', text: text.slice(from, at), href: '' })
    pieces.push(piece)
    from = at + piece.text.length
  }
  if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from), href: '' })
  return pieces
}

function tappable(match: RegExpExecArray, text: string): Piece | null {
  const [, url, email, phone] = match
  if (url) {
    const trimmed = withoutTail(url)
    const href = /^www\./i.test(trimmed) ? `http://${trimmed}` : trimmed
    return isAddress(href) ? { kind: 'url', text: trimmed, href } : null
  }
  if (email) return { kind: 'email', text: email, href: `mailto:${email}` }
  if (!phone) return null
  const before = text[match.index - 1] ?? ''
  const after = text[match.index + phone.length] ?? ''
  if (/[\d-]/.test(before) || /[\d-]/.test(after)) return null
  return { kind: 'phone', text: phone, href: `tel:${phone.replace(/[- ]/g, '')}` }
}

/** Punctuation after an address belongs to the sentence, and so does a bracket that was opened before it. */
function withoutTail(url: string): string {
  let end = url.length
  for (;;) {
    const last = url[end - 1] ?? ''
    const inner = url.slice(0, end - 1)
    const opened = last === ')' && count(inner, '(') > count(inner, ')')
    if (end === 0 || opened || !/[.,;:!?)\]}'"]/.test(last)) return url.slice(0, end)
    end -= 1
  }
}

function count(text: string, char: string): number {
  return text.split(char).length - 1
}

function isAddress(href: string): boolean {
  try {
    return new URL(href).hostname.includes('.') || /^https?:\/\/localhost\b/.test(href)
  } catch {
    return false
  }
}
