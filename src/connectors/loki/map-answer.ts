import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import type { Entries } from './map-entries.ts'
import type { Streams } from './map-labels.ts'

export type Push =
  | undefined
  | Readonly<{ is: 'retry'; reason: string; afterMs?: number }>
  | Readonly<{ is: 'reject'; reason: string; text: string }>
  | Readonly<{ is: 'too-large'; reason: string }>

export const shownBytes = 65_536
const shownReason = 500
const longestWait = 3_600_000
const tooLarge = /larger than max|body too large|too large to/i

/** 401, 403, 404, 405, 407, redirects and transient errors are retried; other 4xx apply to entries. */
export function pushOf({ status, headers, body }: HttpAnswer, now: number): Push {
  if (status >= 200 && status < 300) return undefined
  const text = Buffer.from(body).toString().trim()
  const reason = `HTTP ${status}${text === '' ? '' : `: ${shortened(text)}`}`
  if (status === 413 || ((status === 400 || status >= 500) && tooLarge.test(text))) return { is: 'too-large', reason }
  // Loki stores nothing of such a time, however often it is sent.
  if (noSchema.test(text)) return { is: 'reject', reason, text }
  const remedy = remedies[status >= 300 && status < 400 ? 300 : status]
  if (remedy !== undefined) return { is: 'retry', reason: `${reason}: ${remedy}` }
  if (status < 500 && status !== 408 && status !== 425 && status !== 429) return { is: 'reject', reason, text }
  const afterMs = retryAfterMs(headers['retry-after'], now, longestWait)
  return { is: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) }
}

const noSchema = /no schema config found for time (\d+)/

const remedies: Readonly<Record<number, string>> = {
  300: 'redirects are not followed; correct `url`',
  401: 'Loki rejected the login; correct `auth`',
  403: 'Loki denies access; correct `auth`, or the rights of its user for this tenant',
  404: 'no push API at this URL; correct `url`',
  405: 'no push API at this URL; correct `url`',
  407: 'the proxy rejected the login',
}

function shortened(text: string) {
  const line = text.replaceAll(/[\s\p{Cc}�]+/gu, ' ')
  return line.length > shownReason ? `${line.slice(0, shownReason)}…` : line
}

const tooLong = /max entry size '(\d+)' bytes exceeded/gi
const timeText = String.raw`(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))`
/** By the age limit of the tenant. */
const tooOld = new RegExp(`timestamp too old: [^,]*, oldest acceptable timestamp is: ${timeText}`, 'g')
/** Behind the newest entry of its stream. */
const tooFarBehind = new RegExp(`too far behind, [^\n]*oldest acceptable timestamp is: ${timeText}`, 'g')
const tooNew = new RegExp(`timestamp too new: ${timeText}`, 'g')
/** Faults of labels. */
const namedStream = new RegExp(
  String.raw`'(\{.*?\})' (?:has (?:duplicate label|label|\d+ label)|with error)|` +
    String.raw`missing required labels .*? for stream '(\{.*?\})' \(`,
  'g',
)

/** Times in the text may be cut to seconds. */
const precisionMs = 1000

export function culprits(text: string, entries: Entries, streams: Streams, rows: Uint32Array): Uint32Array {
  const size = lowest(text, tooLong, Number)
  const newest = lowest(text, tooNew, Date.parse) + precisionMs
  const ages = [lowest(text, tooOld, Date.parse)]
  if (isOneStream(entries, rows)) ages.push(lowest(text, tooFarBehind, Date.parse))
  const unstorable = lowest(text, new RegExp(noSchema, 'g'), Number) * 1000
  const oldest = Math.max(
    unstorable === Infinity ? -Infinity : unstorable + 999,
    ...ages.filter((age) => age !== Infinity).map((age) => age - precisionMs),
  )
  // Within the second that the text names, only the outermost row is certain.
  const [first, last] = [extreme(entries, rows, Math.min), extreme(entries, rows, Math.max)]
  const bad = rows.filter((row) => {
    const ms = entries.ms[row] ?? 0
    const isOld = ms <= oldest || (oldest > -Infinity && ms === first)
    const isNew = ms >= newest || (newest < Infinity && ms === last)
    return entries.size(row) > size || isOld || isNew
  })
  if (bad.length > 0) return bad
  const named = new Set([...text.matchAll(namedStream)].map(([, labels, plain]) => labels ?? plain))
  return rows.filter((row) => named.has(streams.texts[entries.stream[row] ?? 0] ?? ''))
}

export function halves(entries: Entries, rows: Uint32Array): readonly [Uint32Array, Uint32Array] {
  const streamAt = (at: number) => entries.stream[rows[at] ?? 0] ?? 0
  const middle = rows.length >> 1
  let cut = middle
  if (!isOneStream(entries, rows)) {
    while (cut > 0 && streamAt(cut - 1) === streamAt(middle)) cut--
    if (cut === 0) for (cut = middle; streamAt(cut) === streamAt(middle);) cut++
  }
  return [rows.subarray(0, cut), rows.subarray(cut)]
}

function isOneStream({ stream }: Entries, rows: Uint32Array) {
  return stream[rows[0] ?? 0] === stream[rows.at(-1) ?? 0]
}

function extreme({ ms }: Entries, rows: Uint32Array, choose: (a: number, b: number) => number) {
  return rows.reduce((chosen, row) => choose(chosen, ms[row] ?? 0), ms[rows[0] ?? 0] ?? 0)
}

function lowest(text: string, pattern: RegExp, read: (text: string) => number): number {
  let least = Infinity
  for (const [, match = ''] of text.matchAll(pattern)) {
    const value = read(match)
    if (!Number.isNaN(value)) least = Math.min(least, value)
  }
  return least
}
