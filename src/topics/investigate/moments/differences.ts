/** Differences of two states. */
import { isRecord } from '../../../model/json.ts'
import type { FieldDifference } from './schema.ts'

const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** Versions and times of writes differ with each version. */
const ignored = new Set(['/metadata/resourceVersion', '/metadata/generation', '/metadata/managedFields'])

/** The innermost members that differ, by path. Lists are compared by position if all items are objects. */
export function fieldDifferences(a: unknown, b: unknown, path = ''): readonly FieldDifference[] {
  if (ignored.has(path) || JSON.stringify(a) === JSON.stringify(b)) return []
  const [left, right] = [membersOf(a), membersOf(b)]
  if (left === undefined || right === undefined)
    return [{ path, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) }]
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted()
  return names.flatMap((name) => fieldDifferences(left[name], right[name], `${path}/${escaped(name)}`))
}

/** Undefined: compared as a whole. */
function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (Array.isArray(value))
    return value.length > 0 && value.every(isRecord) ? Object.fromEntries(value.entries()) : undefined
  return isRecord(value) ? value : undefined
}

/** Items by key that only one of two lists has, the removed ones first. */
export function listDifferences<Item>(
  a: readonly Item[],
  b: readonly Item[],
  keyOf: (item: Item) => string,
): readonly (Item & Readonly<{ is: 'added' | 'removed' }>)[] {
  const [before, after] = [a, b].map((items) => new Map(items.map((item) => [keyOf(item), item])))
  return [
    ...[...before!].flatMap(([key, item]) => (after!.has(key) ? [] : [{ ...item, is: 'removed' as const }])),
    ...[...after!].flatMap(([key, item]) => (before!.has(key) ? [] : [{ ...item, is: 'added' as const }])),
  ]
}
