/** Values of attributes as the standard demands them: RFC 3986 for `source` and `dataschema`, RFC 2046 for types. */
import { type EventBatch } from '../../model/batches.ts'

const allowed = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/
const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/
const mediaType = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\s*;.*)?$/

/** As RFC 3986 defines: one fragment, brackets in the host only, no colon in the first segment of a relative path. */
export function isUriReference(text: string): boolean {
  if (text === '' || !allowed.test(text) || text.indexOf('#') !== text.lastIndexOf('#')) return false
  const [, authority = '', rest = text] = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(\/\/[^/?#]*)(.*)$/s.exec(text) ?? []
  if (/[[\]]/.test(rest) || (/[[\]]/.test(authority) && !/^\/\/(?:[^[\]@]*@)?\[[^[\]]*\](?::\d*)?$/.test(authority)))
    return false
  return scheme.test(text) || !/^[^/?#]*:/.test(text)
}

/** Characters that a URI reference may not contain are percent-encoded; a valid one is unchanged. */
export function uriReference(text: string): string {
  if (isUriReference(text)) return text
  let fragments = 0
  const escaped = text
    .toWellFormed()
    .replaceAll(/%(?![0-9A-Fa-f]{2})|#|[^A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]/gu, (match) =>
      match === '#' && fragments++ === 0 ? match : `%${[...Buffer.from(match)].map(hex).join('%')}`,
    )
  return scheme.test(escaped) ? escaped : escaped.replace(/^[^/?#]*/, (first) => first.replaceAll(':', '%3A'))
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')

const tests = [
  ['source', isUriReference, 'URI reference'],
  ['dataschema', (text: string) => isUriReference(text) && scheme.test(text), 'URI'],
  ['datacontenttype', (text: string) => mediaType.test(text), 'media type'],
] as const

/** The first invalid attribute of the events; undefined if all are valid. Each value is tested once. */
export function invalidAttribute(batch: EventBatch): string | undefined {
  const { dictionary, count } = batch
  for (const [name, isValid, what] of tests) {
    const tested = count > 1 ? new Set<number>() : undefined
    for (let row = 0; row < count; row++) {
      const code = batch[name][row]!
      if (code === 0 || tested?.has(code) === true) continue
      tested?.add(code)
      const text = dictionary[code] ?? ''
      if (!isValid(text))
        return `${count > 1 ? `event ${row}: ` : ''}${name} ${JSON.stringify(text.slice(0, 100))} is no ${what}`
    }
  }
  return undefined
}
