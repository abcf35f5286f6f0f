import { happenedWithin, type Receipt } from '../read/receipt.ts'
import type { ViewInput } from '../read/views.ts'
import { scan } from '../read/views.ts'
import { quoted } from '../duck.ts'

/**
 * Events of a family as rows with the columns of files. What the envelope says of the object (its ref, its key) needs no look
 * into the body, so conditions on it come before any JSON is read. Files that have none of them, or none of these times, are not opened.
 */
export function eventsOf(family: string, input: ViewInput, when?: Receipt): string {
  const files = happenedWithin(input.files, when).filter(({ families }) => families?.includes(family) ?? true)
  return `SELECT * FROM (${scan('events', { ...input, files })}) WHERE family = ${quoted(family)}`
}

/** Parts of `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`; what belongs to a whole cluster has no namespace. */
export const partsOfRef: Readonly<Record<'cluster' | 'api_group' | 'kind' | 'namespace' | 'name', string>> = {
  cluster: "substr(split_part(r.ref, '/', 1), 5)",
  api_group: "split_part(r.ref, '/', 2)",
  kind: "split_part(r.ref, '/', 3)",
  namespace: "nullif(split_part(r.ref, '/', 4), '')",
  name: "split_part(r.ref, '/', 5)",
}

/** The key is `<cluster>/<uid>`. */
export const uidOfKey = "split_part(r.key, '/', 2)"

/** Texts of several places in a body by one reading of it: a list, from 1. */
export function textsIn(body: string, paths: readonly string[]): string {
  return `json_extract_string(${body}, [${paths.map((path) => quoted(path)).join(', ')}])`
}

/** A moment as text, or NULL. */
export function momentIn(text: string): string {
  return `TRY_CAST(${text} AS TIMESTAMPTZ)`
}
