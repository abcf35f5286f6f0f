/** JSON whose integers keep all their digits: those that a double cannot hold are read as bigint, and written as numbers. */

interface Source {
  readonly source?: string
}
const parse = JSON.parse as (text: string, revive: (key: string, value: unknown, context: Source) => unknown) => unknown
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

/** Throws a SyntaxError, as JSON.parse does. */
export function parseExact(text: string): unknown {
  // Only such a run of digits can lose something, and reviving costs several times as much as parsing.
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value,
  )
}

/** Undefined for what is nested deeper than can be written. */
export function stringifyExact(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? rawJSON(String(one)) : one))
  } catch {
    return undefined
  }
}
