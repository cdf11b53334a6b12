import { expect, it } from 'vitest'
import { requestFacts } from './request.ts'

it('takes a request apart, field by field', () => {
  const request = '{"name":"疾控产品组","ids":["1","2"],"on":true,"hours":[{"weekday":1}]}'
  expect(requestFacts(request)).toEqual([
    { label: 'name', value: '疾控产品组' },
    { label: 'ids', value: '1、2' },
    { label: 'on', value: 'true' },
    { label: 'hours', value: '[{"weekday":1}]' },
  ])
})

it('shows what it cannot take apart as it is', () => {
  expect(requestFacts('')).toEqual([])
  expect(requestFacts('{"name":"cut o')).toEqual([{ label: 'JSON', value: '{"name":"cut o' }])
})
