/** JSON as encoding/json of Go writes it: sorted maps, and escapes for HTML and JavaScript. */

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** Members keep their order; for maps use {@link sortedMap}. */
export function goJson(value: unknown): string {
  return escaped(JSON.stringify(value))
}

/** The members in byte order, also those with the names of numbers; `null` for an absent map. */
export function sortedMap(map: Readonly<Record<string, string>> | null): string {
  if (map === null) return 'null'
  const names = Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${names.map((name) => `${goJson(name)}:${goJson(map[name])}`).join(',')}}`
}

/** These characters are only inside texts. */
function escaped(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (letter) => escapes[letter] ?? letter)
}
