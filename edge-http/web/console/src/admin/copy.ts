import { copyText } from '../app/copy.ts'
import { toast } from '../app/notify.ts'
import { i18n } from '../i18n/index.ts'

/** Puts a text on the clipboard and says so. Where the browser refuses, the text stays there to be marked by hand. */
export async function copyAndSay(text: string): Promise<void> {
  if (await copyText(text)) toast(i18n.global.t('admin.copied'))
}
