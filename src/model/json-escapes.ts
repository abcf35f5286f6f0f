const surrogate = /\\u[dD][89a-fA-F]/
/** An escaped backslash, a pair, or a half of one. */
const escapes = /\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}/g

/** JSON with U+FFFD for escaped halves of surrogate pairs, at which DuckDB fails to read a file. */
export function wellFormedJson(json: string): string {
  if (!surrogate.test(json)) return json
  return json.replaceAll(escapes, (escape) => (escape.length === 6 ? '\\ufffd' : escape))
}
