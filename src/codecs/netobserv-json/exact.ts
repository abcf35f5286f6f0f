/** JSON with exact integers: values beyond a double's precision are parsed as bigint, and written as numbers. */

interface Source {
  readonly source?: string
}
const parse = JSON.parse as (text: string, revive: (key: string, value: unknown, context: Source) => unknown) => unknown
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

/** Throws a SyntaxError, as JSON.parse does. */
export function parseExact(text: string): unknown {
  // Only such a run of digits can lose precision, and a reviver costs several times as much as parsing.
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value,
  )
}

/** Undefined for values that are nested too deeply. */
export function stringifyExact(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? rawJSON(String(one)) : one))
  } catch {
    return undefined
  }
}
