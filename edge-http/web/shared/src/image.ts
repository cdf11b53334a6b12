/** The longest edge of an image that is sent. */
export const MAX_EDGE = 1600

/** A picture smaller than this is sent as it is: shrinking it would only blur a screenshot's letters. */
const SMALL_BYTES = 600_000
const QUALITY = 0.86

/** Width and height within a square of `edge`, in proportion, in whole pixels, never enlarged. */
export function fitWithin(width: number, height: number, edge: number): { width: number; height: number } {
  const scale = Math.min(1, edge / Math.max(width, height, 1))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** Whether a picture has to be drawn anew before it is sent. Moving pictures would stand still. */
export function needsShrinking(type: string, bytes: number, width: number, height: number): boolean {
  if (type === 'image/gif') return false
  const accepted = type === 'image/jpeg' || type === 'image/png' || type === 'image/webp'
  return !accepted || Math.max(width, height) > MAX_EDGE || (bytes > SMALL_BYTES && type !== 'image/png')
}

/** The picture as a JPEG of at most 1600 px, or the file itself where that is small enough or cannot be read. */
export async function shrinkImage(file: File): Promise<File> {
  if (!file.type.startsWith('image/')) return file
  const url = URL.createObjectURL(file)
  try {
    const image = await load(url)
    const { naturalWidth: width, naturalHeight: height } = image
    if (!needsShrinking(file.type, file.size, width, height)) return file
    const blob = await draw(image, fitWithin(width, height, MAX_EDGE))
    if (!blob || (blob.size >= file.size && Math.max(width, height) <= MAX_EDGE)) return file
    return new File([blob], jpegName(file.name), { type: 'image/jpeg' })
  } catch {
    return file
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** The name with a JPEG's extension. */
export function jpegName(name: string): string {
  return `${name.replace(/\.[^.]*$/, '') || 'image'}.jpg`
}

function load(url: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image()
    image.onload = () => resolve(image)
    image.onerror = () => reject(new Error('not an image that this browser reads'))
    image.src = url
  })
}

function draw(image: HTMLImageElement, size: { width: number; height: number }): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  canvas.width = size.width
  canvas.height = size.height
  const context = canvas.getContext('2d')
  if (!context) return Promise.resolve(null)
  // JPEG knows no transparency: without a ground it would turn black.
  context.fillStyle = 'white'
  context.fillRect(0, 0, size.width, size.height)
  context.drawImage(image, 0, 0, size.width, size.height)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
}
