import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { expect, test, type Page } from '@playwright/test'
import type { AxeResults, RunOptions } from 'axe-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SCREENS = join(import.meta.dirname, '../artefacts/screens')
const WIDTHS = [
  { width: 360, height: 740 },
  { width: 768, height: 1024 },
  { width: 1440, height: 900 },
]
const RULES: RunOptions = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }

/** Looks at a page at three widths, and at its own in the dark: takes its picture, and checks that nothing is cut off at the side and
    that it is accessible. */
export async function inspect(
  page: Page,
  name: string,
  schemes: ('light' | 'dark')[] = ['light', 'dark'],
  sizes = WIDTHS,
): Promise<void> {
  const own = page.viewportSize() ?? { width: 1440, height: 900 }
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    for (const size of scheme === 'light' ? sizes : [own]) {
      const where = `${name} ${size.width} ${scheme}`
      await page.setViewportSize(size)
      await page.screenshot({ path: join(SCREENS, `${name}-${size.width}-${scheme}.png`), animations: 'disabled' })
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect.soft(wide, `${where}: wider than the window`).toBeLessThanOrEqual(0)
      expect.soft(await cutOff(page), `${where}: cut off`).toEqual([])
      expect.soft(await violations(page), `${where}: accessibility`).toEqual([])
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  await page.setViewportSize(own)
}

/** What is wrong with the page for somebody who does not see it, or not well: serious and critical things only; the
    lesser ones stand in the report. */
export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the debugger: the page's own policy lets no such script in.
  await page.evaluate(`window.axe || (() => { ${AXE} })()`)
  const results = await page.evaluate<AxeResults, RunOptions>(
    (rules) => (window as unknown as { axe: typeof import('axe-core') }).axe.run(document, rules),
    RULES,
  )
  const told = results.violations.map(({ id, impact, nodes }) => {
    const node = nodes[0]
    return `${impact} ${id} ×${nodes.length}: ${node?.target.join(' ')} ${node?.any[0]?.message ?? node?.all[0]?.message ?? ''}`
  })
  const severe = told.filter((line) => /^(serious|critical) /.test(line))
  for (const description of told.filter((line) => !severe.includes(line))) {
    test.info().annotations.push({ type: 'accessibility', description })
  }
  return severe
}

/** Buttons, headings and labels whose text does not fit into them. */
function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, h1, h2, h3, label, legend, th')]
      .filter((element) => {
        const style = getComputedStyle(element)
        const isShown = element.checkVisibility({ visibilityProperty: true }) && element.clientWidth > 1
        return isShown && style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis'
      })
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .map((element) => `${element.tagName} ${element.innerText.trim().slice(0, 40)}`),
  )
}
