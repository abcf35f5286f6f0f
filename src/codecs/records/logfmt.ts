import type { Scalar } from './formats.ts'

/** `key=value key="quoted \" value" flag`; a key without a value is true. Throws with the position of a mistake. */
export function readLogfmt(text: string): ReadonlyMap<string, Scalar> {
  const values = new Map<string, Scalar>()
  const pair = /\s*(?:([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|([^\s"]*)(?=\s|$))|(?=\s|$)))?/sy
  while (pair.lastIndex < text.length) {
    const from = pair.lastIndex
    const match = pair.exec(text)
    if (match === null || pair.lastIndex === from)
      throw new Error(`the text is no logfmt from character ${from + 1} on`)
    const [whole, key, quoted, bare] = match
    if (key === undefined) {
      if (whole.trim() === '' && pair.lastIndex < text.length)
        throw new Error(`the text is no logfmt from character ${pair.lastIndex + 1} on`)
      continue
    }
    values.set(key, quoted === undefined ? (bare ?? true) : unquoted(quoted))
  }
  if (values.size === 0) throw new Error('the text has no pair of key and value')
  return values
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function unquoted(text: string) {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, match: string) =>
    code === undefined ? (escapes[match] ?? match) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
