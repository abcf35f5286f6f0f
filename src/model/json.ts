/** Values of JSON whose types are not known. */
export type Fields = Readonly<Record<string, unknown>>

/** Neither null nor an array. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Empty where it is no object. */
export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

/** Numbers and texts as text; undefined for what is empty or neither. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** Without what is undefined. */
export function known<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
