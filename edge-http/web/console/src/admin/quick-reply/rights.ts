import { Permission, type QuickReply } from '@kefu/sdk'

/** Whether somebody may change a quick reply: one's own, and the shared ones with the settings. */
export function mayEdit(reply: QuickReply, may: (permission: string) => boolean): boolean {
  return may(Permission.QUICK_REPLY_WRITE) && (!reply.shared || may(Permission.SETTINGS_WRITE))
}
