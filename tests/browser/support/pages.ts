import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { BrowserContext } from '@playwright/test'

/** A folder with `console` and `chat` as Vite builds them, taken instead of the pages in the binary: while working on
    a page, its tests need no new binary. */
const FOLDER = process.env.KEFU_TEST_PAGES

/** Lets a browser have the pages of that folder, if there is one. */
export async function servePages(context: BrowserContext): Promise<void> {
  for (const page of FOLDER ? ['console', 'chat'] : []) {
    const root = join(FOLDER ?? '', page)
    if (!existsSync(root)) continue
    await context.route(
      (url) => url.pathname.startsWith(`/${page}/`),
      (route) => {
        const path = join(root, decodeURIComponent(new URL(route.request().url()).pathname).slice(page.length + 2))
        const isFile = existsSync(path) && /\.\w+$/.test(path)
        return route.fulfill({ path: isFile ? path : join(root, 'index.html') })
      },
    )
  }
}
