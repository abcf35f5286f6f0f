import { happenedWithin, type TimeBounds } from '../read/receipt.ts'
import { scan, type ViewInput } from '../read/views.ts'
import { quoted } from '../duck.ts'

/** Conditions on the envelope (ref, key) apply before JSON is parsed. */
export function eventsOf(family: string, input: ViewInput, when?: TimeBounds): string {
  const files = happenedWithin(input.files, when).filter(({ families }) => families?.includes(family) ?? true)
  return `SELECT * FROM (${scan('events', { ...input, files })}) WHERE family = ${quoted(family)}`
}

/** States of objects. Statistics of files exclude those that have resources of clouds only. */
export function objectEvents(input: ViewInput): string {
  return `${eventsOf('resource', input)} AND ref >= 'k8s:' AND ref < 'k8s;'`
}

/** Parts of `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`. */
export const partsOfRef: Readonly<Record<'cluster' | 'api_group' | 'kind' | 'namespace' | 'name', string>> = {
  cluster: "substr(split_part(r.ref, '/', 1), 5)",
  api_group: "split_part(r.ref, '/', 2)",
  kind: "split_part(r.ref, '/', 3)",
  namespace: "nullif(split_part(r.ref, '/', 4), '')",
  name: "split_part(r.ref, '/', 5)",
}

export const uidOfKey = "split_part(r.key, '/', 2)"

export function textsIn(body: string, paths: readonly string[]): string {
  return `json_extract_string(${body}, [${paths.map((path) => quoted(path)).join(', ')}])`
}

export function timestampSql(text: string): string {
  return `TRY_CAST(${text} AS TIMESTAMPTZ)`
}
