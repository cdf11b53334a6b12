// Gathers what the pages' builds have made into one folder, which the binary embeds, and compresses it: once and as
// small as it gets, so that the server only picks the form that the browser takes.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const PAGES = ['chat', 'console', 'docs']
const TEXT = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.txt'])
const WORTH_IT = 512

const web = import.meta.dirname
const target = join(web, 'dist')

mkdirSync(target, { recursive: true })
for (const entry of readdirSync(target)) rmSync(join(target, entry), { recursive: true })
for (const page of PAGES) {
  const built = join(web, page, 'dist')
  if (!existsSync(join(built, 'index.html'))) throw new Error(`the page ${page} is not built`)
  cpSync(built, join(target, page), { recursive: true, filter: (path) => !basename(path).startsWith('.') })
}

const count = { files: 0, bytes: 0, brotli: 0 }
for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const path = join(entry.parentPath, entry.name)
  const content = readFileSync(path)
  count.files += 1
  count.bytes += content.length
  if (!TEXT.has(extname(path)) || content.length < WORTH_IT) continue
  const brotli = brotliCompressSync(content)
  writeFileSync(`${path}.br`, brotli)
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
  count.brotli += brotli.length
}
process.stdout.write(`${count.files} files, ${count.bytes} bytes, ${count.brotli} as brotli\n`)
