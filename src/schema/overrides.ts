import type { ConfigDocument, Override } from './document.ts'
import { isRecord } from '../model/json.ts'

/** Later overrides win. Problems name their origin. */
export function applyOverrides(document: ConfigDocument, overrides: readonly Override[]): ConfigDocument {
  const value = overrides.reduce<unknown>((root, override) => set(root, override.path, override.value), document.value)
  return { ...document, value, overrides: [...document.overrides, ...overrides] }
}

function set(container: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  const base = isRecord(container) ? container : {}
  const inner = Object.hasOwn(base, key) ? base[key] : undefined
  return { ...base, [key]: set(inner, rest, value) }
}
