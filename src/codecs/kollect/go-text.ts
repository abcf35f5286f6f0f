/** Byte form of Go's map encoder: equal bytes for equal objects, escaped HTML characters, a final line break. */
import { canonical } from '../canonical-json/index.ts'

const special = /[<>&\u2028\u2029]/
const everySpecial = new RegExp(special, 'g')
const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

export function goText(value: unknown): string {
  const text = canonical(value)
  return `${special.test(text) ? text.replaceAll(everySpecial, (sign) => escapes[sign] ?? sign) : text}\n`
}
