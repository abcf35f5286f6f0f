// An apostrophe inside a path belongs to it; at its end it closes a quotation.
const END = String.raw`[^\s"'<>\`]|'(?=[\w%/])`
const NEXT = String.raw`(?!,[a-z][a-z0-9+.-]*:\/\/)`
const URL_IN_TEXT = new RegExp(
  String.raw`\b([a-z][a-z0-9+.-]*):\/\/(?:[^\s/?#"'<>\`]*@)?((?:${NEXT}[^\s/?#"'<>\`])*)((?:${NEXT}(?:${END}))*)`,
  'gi',
)
/** Schemes of URLs with paths that are names of folders, buckets and topics. */
const NAMED = /^(?:file|s3|gs|kafka|gcppubsub|oci)$/i
const AUTHORITY = /^(?:\[[^\]]*\]|[^:[\]]*)(?::\d*)?[:;,.)\]]*$/

/** Trailing punctuation belongs to the sentence. */
const cutUrl = (_: string, scheme: string, hosts: string, rest: string) => {
  const [path = ''] = NAMED.test(scheme) ? rest.split(/[?#]/, 1) : []
  const end = path === rest ? '' : (/[:;,.)\]]*$/.exec(rest)?.[0] ?? '')
  const shownHosts = hosts.split(',').every((host) => AUTHORITY.test(host)) ? hosts : '***'
  return `${scheme}://${shownHosts}${path}${end}`
}

/** Cuts every URL in the text to scheme, host and port: the other parts may hold secrets. */
export function withoutUrlSecrets(text: string): string {
  return text.includes('://') ? text.replace(URL_IN_TEXT, cutUrl) : text
}

/** CloudEvents `source` of a feed. The path may be a secret, and several feeds may have the same host. */
export function feedSource(url: string, id: string): string {
  return `${withoutUrlSecrets(url)}#${id}`
}

/** The shown part of a text that should be a URL or an address. */
export function shownPlace(written: string): string {
  const [first = ''] = written.split(/\s/, 1)
  if (first.includes('://')) return withoutUrlSecrets(first)
  const [host = ''] = first.replace(/^.*@/, '').split(/[/?#]/, 1)
  return host.length >= 20 && !/[.:]/.test(host) ? '***' : host
}

/** Also hides the path and query of this URL where the text contains them without the host. */
export function withoutSecretsOf(url: string, text: string): string {
  return withoutParts(partsOf(url), text)
}

type Part = readonly [part: RegExp, shown: string, length: number]

const longestFirst = ([, , a]: Part, [, , b]: Part) => b - a

function withoutParts(parts: readonly Part[], text: string): string {
  return parts.reduce((rest, [part, shown]) => rest.replaceAll(part, shown), withoutUrlSecrets(text))
}

/** Parts of a URL that may be secret, longest first. */
function partsOf(written: string): readonly Part[] {
  const url = URL.parse(written)
  if (url === null) return []
  const parts = new Map<string, string>()
  const add = (part: string, shown: string) => {
    for (const form of [part, decodedText(part)]) parts.set(form, shown)
  }
  if (url.search.length > 1) add(url.search, '')
  const path = url.pathname.replace(/\/+$/, '')
  if (path.length > 1) add(path, '/***')
  for (const segment of path.split('/')) if (isOpaque(segment)) add(segment, '***')
  for (const value of url.searchParams.values()) if (isOpaque(value)) add(value, '***')
  return [...parts]
    .map(([part, shown]): Part => {
      const literal = part.replace(/[^\w\s/]/g, String.raw`\$&`)
      return [new RegExp(String.raw`${literal}(?![\w-])`, 'g'), shown, part.length]
    })
    .toSorted(longestFirst)
}

/** True for a path segment that may be a secret; words of an API such as `services` or `v1` are none. */
function isOpaque(segment: string) {
  return segment.length >= 20 || (segment.length >= 8 && /\d/.test(segment) && /[A-Za-z]/.test(segment))
}

function decodedText(text: string) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export interface UrlCleaner {
  (text: string): string
  /** Cleans a destination: what was appended to a configured URL stays. */
  target(to: string): string
}

/** Hides the secrets of all URLs in the settings of a component. */
export function urlCleaner(settings: unknown): UrlCleaner {
  const urls = [...new Set(urlsIn(settings))]
  const parts = urls.flatMap(partsOf).toSorted(longestFirst)
  // The failures of a batch mostly have the same reason, which is cached.
  let [last, shown] = ['', '']
  const clean = (text: string): string => {
    if (text !== last) [last, shown] = [text, withoutParts(parts, text)]
    return shown
  }
  const target = (to: string): string => {
    const base = urls.map((url) => url.replace(/\/+$/, '')).find((url) => to.startsWith(url))
    return base === undefined ? clean(to) : withoutUrlSecrets(base) + withoutParts(parts, to.slice(base.length))
  }
  return Object.assign(clean, { target })
}

function* urlsIn(settings: unknown): Generator<string, void, undefined> {
  if (typeof settings === 'string') {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(settings) && !NAMED.test(settings.slice(0, settings.indexOf(':'))))
      yield settings
  } else if (Array.isArray(settings)) for (const setting of settings) yield* urlsIn(setting)
  else if (typeof settings === 'object' && settings !== null && Object.getPrototypeOf(settings) === Object.prototype)
    for (const setting of Object.values(settings)) yield* urlsIn(setting)
}
