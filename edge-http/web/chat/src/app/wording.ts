/** What customers are told about failures: what to do, in their own words. The server speaks to everybody; of a session
 *  or a token only staff has heard. */
import { KefuError } from '@kefu/sdk'
import { t } from '../i18n/index.ts'
import type { Texts } from '../i18n/zh-CN.ts'

const OWN: Partial<Record<KefuError['reason'], keyof Texts>> = {
  NETWORK: 'failed.network',
  TIMEOUT: 'failed.network',
  UNAVAILABLE: 'failed.server',
  INTERNAL: 'failed.server',
  UNAUTHENTICATED: 'failed.signedOut',
  PERMISSION_DENIED: 'failed.denied',
  NOT_FOUND: 'failed.gone',
  CONFLICT: 'failed.changed',
  SESSION_STATE: 'failed.changed',
  SESSION_CLOSED: 'failed.ended',
  INVALID_ARGUMENT: 'failed.invalid',
  FILE_TYPE: 'failed.fileType',
  FILE_NOT_CLEAN: 'failed.fileNotClean',
  TOO_LARGE: 'failed.tooLarge',
}

/** What to tell a customer about a failure. */
export function wording(error: unknown): string {
  if (!(error instanceof KefuError)) return t('failed.generic')
  const own = OWN[error.reason]
  return own ? t(own) : error.message
}
