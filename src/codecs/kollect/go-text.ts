/** Objects in the byte form of Go's map encoder: equal bytes for equal objects. */

/** Keys in UTF-8 byte order, no white space; values without a JSON form are omitted. */
function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  let text = ''
  if (Array.isArray(value)) {
    for (const each of value as readonly unknown[]) text += text === '' ? canonical(each) : `,${canonical(each)}`
    return `[${text}]`
  }
  const from = value as Readonly<Record<string, unknown>>
  for (const key of inOrder(Object.keys(from))) {
    const each = from[key]
    if (each !== undefined)
      text += text === '' ? `${quoted(key)}:${canonical(each)}` : `,${quoted(key)}:${canonical(each)}`
  }
  return `{${text}}`
}

/** Most keys are sorted already. UTF-16 order equals byte order within the basic plane. */
function inOrder(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] ?? '') <= (keys[i] ?? '')) continue
    keys.sort()
    break
  }
  return keys.some((key) => surrogate.test(key))
    ? keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    : keys
}

const surrogate = /[\uD800-\uDFFF]/

const known = new Map<string, string>()

/** Caches the first thousands of keys, which include those of the API. */
function quoted(key: string): string {
  let text = known.get(key)
  if (text === undefined) {
    text = JSON.stringify(key)
    if (known.size < 5000) known.set(key, text)
  }
  return text
}

const special = /[<>&\u2028\u2029]/
const everySpecial = new RegExp(special, 'g')
const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** JSON text with HTML characters escaped, and a line break at the end. */
export function goText(value: unknown): string {
  const text = canonical(value)
  return `${special.test(text) ? text.replaceAll(everySpecial, (sign) => escapes[sign] ?? sign) : text}\n`
}
