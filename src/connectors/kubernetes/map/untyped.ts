/** Members of objects of unknown shape; members of another type count as absent. */
import { isRecord } from '../../../model/json.ts'

export type Dict = Readonly<Record<string, unknown>>

export function dictOf(value: unknown) {
  return isRecord(value) ? (value as Dict) : {}
}

export function listOf(value: unknown): readonly Dict[] {
  return Array.isArray(value) ? value.map(dictOf) : []
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((candidate) => typeof candidate === 'string')
    : typeof value === 'string'
      ? [value]
      : []
}

export function textOf(value: unknown) {
  return typeof value === 'string' ? value : undefined
}

export function nonBlank(value: string | undefined) {
  return value === '' ? undefined : value
}

export function nonEmpty(value: Dict) {
  return Object.keys(value).length === 0 ? undefined : value
}

export function nonEmptyList<T>(list: readonly T[]) {
  return list.length === 0 ? undefined : list
}

type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

export function compact<T extends object>(value: T): Compact<T> {
  const kept: Record<string, unknown> = {}
  for (const key in value) {
    const part: unknown = value[key]
    if (part !== undefined) kept[key] = part
  }
  return kept as Compact<T>
}
