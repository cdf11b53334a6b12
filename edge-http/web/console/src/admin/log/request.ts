import type { Fact } from '../../table/FactList.vue'

function words(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join('、')
  return JSON.stringify(value)
}

/** The fields of a logged request, one a line, readable without knowing JSON. */
export function requestFacts(request: string): Fact[] {
  if (!request) return []
  try {
    const value: unknown = JSON.parse(request)
    if (typeof value !== 'object' || value === null) return [{ label: '', value: request }]
    return Object.entries(value).map(([label, field]) => ({ label, value: words(field) }))
  } catch {
    // Cut off where it was too long to keep.
    return [{ label: 'JSON', value: request }]
  }
}
