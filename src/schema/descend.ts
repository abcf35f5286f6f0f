import { infoOf, type FieldInfo, type Fields } from './field.ts'
import { isRecord } from '../model/json.ts'

export function fieldsAt(info: FieldInfo, value: unknown): Fields | undefined {
  if (info.kind === 'group') return info.fields
  if (info.kind !== 'variants') return undefined
  const type = isRecord(value) ? value['type'] : undefined
  return typeof type === 'string' ? info.variants?.get(type) : undefined
}

export function child(info: FieldInfo, value: unknown, key: string | number): FieldInfo | undefined {
  if (info.kind === 'list' || info.kind === 'map') return info.of
  if (info.kind === 'components') return entryInfo(info, String(key), isRecord(value) ? value[key] : undefined)
  const field = own(fieldsAt(info, value), String(key))
  return field === undefined ? undefined : infoOf(field)
}

export function entryInfo(info: FieldInfo, id: string, entry: unknown): FieldInfo | undefined {
  const named = isRecord(entry) ? entry['type'] : undefined
  const type = typeof named === 'string' ? named : id
  const fields = info.components?.fieldsOf(type)
  if (fields === undefined) return undefined
  const description = info.components?.summaryOf(type) ?? ''
  return { kind: 'group', expects: 'a map of settings', description, required: false, fields }
}

export function walkWritten(
  info: FieldInfo,
  value: unknown,
  visit: (info: FieldInfo, value: unknown, path: readonly (string | number)[]) => void,
  path: readonly (string | number)[] = [],
): void {
  visit(info, value, path)
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isRecord(value)
      ? Object.entries(value)
      : []
  for (const [key, inner] of entries) {
    const below = child(info, value, key)
    if (below !== undefined) walkWritten(below, inner, visit, [...path, key])
  }
}

export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return (at as unknown[])[Number(key)]
    return isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }, value)
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string) {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
