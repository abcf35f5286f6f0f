/** JSON with exact integers: bigint beyond 2^53. */
interface Source {
  readonly source?: string
}
const parse = JSON.parse as (text: string, revive: (key: string, value: unknown, context: Source) => unknown) => unknown
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

export function parseExact(text: string): unknown {
  // Only such digits lose precision; a reviver is several times slower.
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value,
  )
}

/** Whole numbers beyond 2^53 are texts, as in results of the API. */
export function parseWithTexts(text: string): unknown {
  if (!/[:,[]\s*-?\d{16}/.test(text)) return JSON.parse(text)
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? source
      : value,
  )
}

/** Numbers keep every digit; they are objects that only `JSON.stringify` understands. */
export function parseRaw(text: string): unknown {
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined ? rawJSON(source) : value,
  )
}

/** Undefined if nested too deeply. */
export function stringifyExact(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? rawJSON(String(inner)) : inner))
  } catch {
    return undefined
  }
}
