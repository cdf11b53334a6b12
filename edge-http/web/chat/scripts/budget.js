// What a customer's phone fetches before the form can be used: the page, the scripts it names with all they import at
// once, and the styles, each as gzip sends it. More than the budget fails the build.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = 90 * 1024
const dist = new URL('../dist/', import.meta.url)
const read = (file) => readFileSync(new URL(file, dist))
const page = read('index.html').toString()
const manifest = JSON.parse(read('.vite/manifest.json'))

const files = new Set(['index.html'])
const add = (file) => {
  if (files.has(file)) return
  files.add(file)
  const chunk = Object.values(manifest).find((one) => one.file === file)
  for (const style of chunk?.css ?? []) add(style)
  for (const name of chunk?.imports ?? []) add(manifest[name].file)
}
for (const [, file] of page.matchAll(/(?:src|href)="\/chat\/(assets\/[^"]+)"/g)) add(file)

let total = 0
for (const file of files) {
  const bytes = gzipSync(read(file), { level: 9 }).length
  total += bytes
  process.stdout.write(`${String(bytes).padStart(8)}  ${file}\n`)
}
process.stdout.write(`${String(total).padStart(8)}  first view, gzip (budget ${BUDGET})\n`)
if (total > BUDGET) process.exit(1)
