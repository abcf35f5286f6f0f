/** Texts of ClickHouse's SQL. */

export function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

export function name(value: string): string {
  return `\`${value}\``
}

/**
 * A text that results show as the JSON that it is. ClickHouse treats the type as a text, and names it in results, which
 * a JSON column (numbers as doubles, sorted keys) could not replace.
 */
export const jsonType = 'SimpleAggregateFunction(any, Nullable(String))'

export function asJson(value: string): string {
  return `CAST(${value} AS ${jsonType})`
}

function path(keys: readonly (string | number)[]): string {
  return keys.map((key) => `, ${typeof key === 'number' ? key : text(key)}`).join('')
}

/** The text of a string member, or the JSON of any other member; NULL if absent or null. */
export function jsonText(json: string, ...keys: readonly (string | number)[]): string {
  return `JSONExtract(ifNull(${json}, '')${path(keys)}, 'Nullable(String)')`
}

/** JSON of a member; NULL if absent. */
export function jsonOf(json: string, ...keys: readonly (string | number)[]): string {
  return `nullIf(JSONExtractRaw(ifNull(${json}, '')${path(keys)}), '')`
}

export function jsonFlag(json: string, key: string): string {
  return `toBool(JSONExtractBool(ifNull(${json}, ''), ${text(key)}))`
}

/** A time in µs; NULL if the text is none. */
export function timeOf(value: string): string {
  return `parseDateTime64BestEffortOrNull(ifNull(${value}, ''), 6, 'UTC')`
}

/** Part of a text, from 1; empty beyond the end, NULL of NULL. */
export function partOf(value: string, index: number): string {
  return `if(isNull(${value}), NULL, splitByChar('/', ifNull(${value}, ''))[${index}])`
}

/** Parts of `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`. */
export function partsOfRef(ref: string) {
  return {
    cluster: `substring(${partOf(ref, 1)}, 5)`,
    api_group: partOf(ref, 2),
    kind: partOf(ref, 3),
    namespace: `nullIf(${partOf(ref, 4)}, '')`,
    name: partOf(ref, 5),
  } as const
}

/** The key is `<cluster>/<uid>`. */
export function uidOf(key: string): string {
  return partOf(key, 2)
}
