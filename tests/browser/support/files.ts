import type { JSHandle, Locator, Page } from '@playwright/test'

/** A file as it lies on somebody's disk. */
export interface Paper {
  name: string
  mimeType: string
  buffer: Buffer
}

/** A text file. */
export function textFile(name: string, text: string): Paper {
  return { name, mimeType: 'text/plain', buffer: Buffer.from(text) }
}

/** A picture of a size, in stripes; drawn by the browser, so that it is a real one. */
export async function picture(page: Page, name: string, width = 640, height = 400): Promise<Paper> {
  const base64 = await page.evaluate(
    ([width, height]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height })
      const context = canvas.getContext('2d') as CanvasRenderingContext2D
      for (let y = 0; y < height; y += 20) {
        context.fillStyle = `hsl(${(y * 7) % 360} 60% 60%)`
        context.fillRect(0, y, width, 20)
      }
      return canvas.toDataURL('image/png').split(',')[1] ?? ''
    },
    [width, height] as const,
  )
  return { name, mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') }
}

/** Drops files onto an element. */
export async function drop(target: Locator, ...files: Paper[]): Promise<void> {
  const dataTransfer = await carry(target.page(), files)
  await target.dispatchEvent('dragover', { dataTransfer })
  await target.dispatchEvent('drop', { dataTransfer })
}

/** Pastes files into a box. */
export async function paste(box: Locator, ...files: Paper[]): Promise<void> {
  const data = await carry(box.page(), files)
  await box.evaluate((element, clipboardData) => {
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, data)
}

function carry(page: Page, files: Paper[]): Promise<JSHandle<DataTransfer>> {
  const plain = files.map(({ name, mimeType, buffer }) => ({ name, mimeType, base64: buffer.toString('base64') }))
  return page.evaluateHandle((plain) => {
    const data = new DataTransfer()
    for (const { name, mimeType, base64 } of plain) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      data.items.add(new File([bytes], name, { type: mimeType }))
    }
    return data
  }, plain)
}
