import { lasting } from '@kefu/shared/storage.ts'

const KEY = 'kefu.chat.link'

/** The register link's secret: from the address, or the one this browser came by last, for the installed page. */
export function linkToken(): string {
  const given = new URLSearchParams(location.search).get('link') ?? ''
  if (!given) return lasting?.getItem(KEY) ?? ''
  try {
    lasting?.setItem(KEY, given)
  } catch {
    // The address has it.
  }
  return given
}
