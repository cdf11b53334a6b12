import type { RegisterLink } from '@kefu/sdk'

/** Whether a register link still works, and if not, why. */
export type LinkState = 'OPEN' | 'REVOKED' | 'EXPIRED' | 'USED_UP'

/** Whether a register link still works. */
export function linkState(link: RegisterLink, now: number): LinkState {
  if (link.revoked) return 'REVOKED'
  if (link.expireTime && Date.parse(link.expireTime) <= now) return 'EXPIRED'
  return link.maxUses > 0 && link.usedCount >= link.maxUses ? 'USED_UP' : 'OPEN'
}
