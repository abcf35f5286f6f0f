import { isRecord } from '../model/json.ts'
import type { ConfigDocument } from './document.ts'

/** Merges maps; any other value of a later file replaces the earlier one. */
export function mergeDocuments(documents: readonly [ConfigDocument, ...ConfigDocument[]]): ConfigDocument {
  const [first, ...rest] = documents
  return rest.reduce(
    (before, next): ConfigDocument => ({
      ...next,
      value: merged(before.value, next.value),
      problems: [...before.problems, ...next.problems],
      readable: before.readable && next.readable,
      earlier: [...before.earlier, { ...before, earlier: [] }],
    }),
    first,
  )
}

function merged(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return after
  const all: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(after))
    all[key] = Object.hasOwn(before, key) ? merged(before[key], value) : value
  return all
}
