import type { QuickReply } from '@kefu/sdk'

import { matchText, type Speller } from '../../app/match.ts'

/** The slash and the words after it, before the caret. */
export interface SlashQuery {
  /** Where the slash stands. */
  from: number
  query: string
}

/** Finds a slash that asks for quick replies: at the beginning or after a space, with nothing but one word after it. */
export function slashQuery(text: string, caret: number): SlashQuery | null {
  const found = /(?:^|\s)[/、]([^\s/、]{0,32})$/.exec(text.slice(0, caret))
  if (!found) return null
  const query = found[1] ?? ''
  return { from: caret - query.length - 1, query }
}

/** The quick replies that answer a query, the best first: by shortcut, then by title, then by category and text. */
export function findReplies(replies: readonly QuickReply[], query: string, spell?: Speller): QuickReply[] {
  const score = (reply: QuickReply) =>
    Math.max(
      3 * matchText(reply.shortcut, query, reply.shortcut ? spell : undefined),
      2 * matchText(reply.title, query, spell),
      matchText(reply.category, query, spell),
      // The text is too long for pinyin: nearly everything would match.
      query ? matchText(reply.content, query) / 2 : 0,
    )
  return replies
    .map((reply) => ({ reply, score: score(reply) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((found) => found.reply)
}

/** Puts the names into a quick reply's text. */
export function fillIn(text: string, names: { customer: string; agent: string }): string {
  return text.replaceAll('{{customer}}', names.customer).replaceAll('{{agent}}', names.agent)
}
