import { Permission } from '@kefu/sdk'

import { useAuth } from '../app/auth.ts'
import { kefu } from '../app/kefu.ts'

/** The time zone in which the company's days begin and end, as its figures count them; the browser's own for those who
    may not read settings. */
export async function companyZone(): Promise<string | undefined> {
  if (!useAuth().may(Permission.SETTINGS_READ)) return undefined
  return (await kefu.getSettings({})).timeZone
}
