import { nestsDeeper } from './json-depth.ts'

export type Fields = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

/** Numbers and non-empty strings as text; otherwise undefined. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

export function withoutUndefined<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

/** Equal JSON for objects that differ in the order of their keys only. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  return isRecord(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      )
    : value
}

/** JSON of a store: ClickHouse has it as text. */
export function storedJson(value: unknown): unknown {
  return typeof value === 'string' ? parsedJson(value) : value
}

/** Undefined if the text is not JSON, or nests too deeply. */
export function parsedJson(text: string): unknown {
  if (nestsDeeper(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
