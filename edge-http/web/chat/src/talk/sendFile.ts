import { formatBytes } from '@kefu/shared/format.ts'
import { shrinkImage } from '@kefu/shared/image.ts'
import { kefu } from '../app/kefu.ts'
import { t } from '../i18n/index.ts'

/** The largest file that the server takes by default; it has the last word. */
const MOST_BYTES = 50 * 1024 * 1024

/** Uploads a file for a session, pictures shrunk. What makes no sense to send throws a RangeError with the words. */
export async function sendFile(
  file: File,
  sessionId: string,
  onPercent: (percent: number) => void,
  signal: AbortSignal,
): Promise<{ fileId: string; contentType: 'IMAGE' | 'FILE' }> {
  if (file.size === 0) throw new RangeError(t('upload.empty'))
  const small = await shrinkImage(file)
  if (small.size > MOST_BYTES) throw new RangeError(t('upload.tooLarge', { limit: formatBytes(MOST_BYTES) }))
  onPercent(0)
  const onProgress = (sent: number, total: number) => onPercent(Math.floor((sent / Math.max(total, 1)) * 100))
  const stored = await kefu.uploadFile({ file: small, name: small.name, sessionId }, { onProgress, signal })
  return { fileId: stored.id, contentType: stored.contentType.startsWith('image/') ? 'IMAGE' : 'FILE' }
}
