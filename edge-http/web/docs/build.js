// Puts the viewer of the OpenAPI document and the page around it into one folder.
import { copyFileSync, cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const viewer = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
const page = import.meta.dirname
const dist = join(page, 'dist')

rmSync(dist, { recursive: true, force: true })
cpSync(join(page, 'src'), dist, { recursive: true })
for (const file of [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'LICENSE',
  'NOTICE',
]) {
  copyFileSync(join(viewer, file), join(dist, file))
}
