import type { Language } from '../i18n/index.ts'

/** What can be said with one tap. The Chinese words are what is stored, so that all ratings count together. */
const GOOD = [
  ['响应快', 'Quick'],
  ['态度好', 'Friendly'],
  ['讲得清楚', 'Clear'],
  ['问题解决了', 'Solved'],
  ['专业', 'Knows the subject'],
] as const
const BAD = [
  ['等待太久', 'Waited too long'],
  ['没有解决', 'Not solved'],
  ['听不明白', 'Hard to follow'],
  ['态度不好', 'Unfriendly'],
  ['换人太多', 'Too many agents'],
] as const

/** The tags for a score: what was good from four stars on, else what was bad. */
export function tagsFor(score: number, language: Language): { value: string; label: string }[] {
  return (score >= 4 ? GOOD : BAD).map(([value, english]) => ({ value, label: language === 'en' ? english : value }))
}
