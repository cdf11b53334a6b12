/** Turns Chinese into pinyin without tones: the syllables of a text, others as they stand. */
export type Speller = (text: string) => string[]

/** Loads pinyin when it is first needed; it is larger than the page. */
export async function loadSpeller(): Promise<Speller> {
  const { pinyin } = await import('pinyin-pro')
  const known = new Map<string, string[]>()
  return (text) => {
    let syllables = known.get(text)
    if (!syllables) {
      syllables = pinyin(text, { toneType: 'none', type: 'array', nonZh: 'consecutive', v: true })
      known.set(text, syllables)
    }
    return syllables
  }
}

/** How well `text` answers `query`: 0 for not at all, more for better. It may begin with it, contain it, or be spelled
    so in pinyin, whole (`dayin`) or by initials (`dy`). */
export function matchText(text: string, query: string, spell?: Speller): number {
  const wanted = query.trim().toLowerCase()
  if (!wanted) return 1
  const plain = text.toLowerCase()
  if (plain === wanted) return 6
  if (plain.startsWith(wanted)) return 5
  if (plain.includes(wanted)) return 4
  if (!spell || !/^[a-z ]+$/.test(wanted)) return 0
  const syllables = spell(text).map((syllable) => syllable.toLowerCase())
  const letters = wanted.replaceAll(' ', '')
  const initials = syllables.map((syllable) => syllable[0] ?? '').join('')
  if (initials.startsWith(letters)) return 3
  if (syllables.some((_, from) => syllables.slice(from).join('').startsWith(letters))) return 2
  return initials.includes(letters) ? 1 : 0
}
