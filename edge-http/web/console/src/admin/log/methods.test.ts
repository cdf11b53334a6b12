import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import en from '../../i18n/en/admin/index.ts'
import zh from '../../i18n/zh-CN/admin/index.ts'
import { LOGGED_METHODS, methodName } from './methods.ts'

const PROTO = '../../../proto/kefu'

/** The full names of the methods that the contract marks with `audit: true`. */
function audited(): string[] {
  return readdirSync(PROTO).flatMap((folder) => {
    const files = readdirSync(`${PROTO}/${folder}/v1`)
    return files.flatMap((file) => {
      const text = readFileSync(`${PROTO}/${folder}/v1/${file}`, 'utf8')
      return text
        .split(/^service /m)
        .slice(1)
        .flatMap((service) => {
          const name = `kefu.${folder}.v1.${service.split(' ')[0] ?? ''}`
          const methods = service.split(/^  rpc /m).slice(1)
          return methods.filter((m) => m.includes('audit: true')).map((m) => `${name}/${m.split('(')[0] ?? ''}`)
        })
    })
  })
}

it('knows every method that the contract has logged, and what each is called', () => {
  expect([...LOGGED_METHODS].sort()).toEqual(audited().sort())
  const names = LOGGED_METHODS.map(methodName).sort()
  expect(Object.keys(zh.method).sort()).toEqual(names)
  expect(Object.keys(en.method).sort()).toEqual(names)
})
