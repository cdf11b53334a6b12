import { lasting } from '@kefu/shared/storage.ts'

/** Reads a kept JSON value; the default where there is none, it is damaged, or storage is forbidden. */
export function readStored<T>(key: string, fallback: T): T {
  try {
    const text = lasting?.getItem(key) ?? null
    return text === null ? fallback : (JSON.parse(text) as T)
  } catch {
    return fallback
  }
}

/** Keeps a JSON value; where storage is full or forbidden it lives as long as the page. */
export function writeStored(key: string, value: unknown): void {
  try {
    lasting?.setItem(key, JSON.stringify(value))
  } catch {
    // Full.
  }
}
