import { batchedType, encodeBinary, encodeStructured, joinBatch, structuredType, type BinaryMessage, type Extensions } from '../../codecs/cloudevents/index.ts'
import type { Attempt } from '../../engine/in-order.ts'
import type { Probe } from '../../engine/ports.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { HttpAnswer } from '../../net/http-client.ts'

/** How much of an answer is shown as the reason. */
export const shownBytes = 200

/** One event as one request. */
export function toMessage(event: WeirEvent, mode: 'binary' | 'structured', extensions: Extensions): BinaryMessage {
  if (mode === 'binary') return encodeBinary(event, extensions)
  return { headers: { 'content-type': `${structuredType}; charset=utf-8` }, body: encodeStructured(event, extensions) }
}

/** Events, each already in JSON, as one request. */
export function toBatchMessage(events: readonly Uint8Array[]): BinaryMessage {
  return { headers: { 'content-type': `${batchedType}; charset=utf-8` }, body: joinBatch(events) }
}

/**
 * What an answer means for its events. A refusal by status is for good, except where it says nothing of the event:
 * 408, 425, 429 and 5xx pass, and a refused login (401, 403, 407) is the configuration's fault, which a human mends.
 */
export function outcomeOf({ status, headers, body }: HttpAnswer, now: number): Attempt {
  if (status >= 200 && status < 300) return undefined
  const reason = `HTTP ${status}${shown(body)}`
  if (status >= 300 && status < 400) {
    return { is: 'retry', reason: `${reason}: redirects are not followed; set \`url\` to ${headers.location ?? 'the final address'}`, away: true }
  }
  if (status === 401 || status === 407) return { is: 'retry', reason: `${reason}: the server refuses our login; correct \`auth\``, away: true }
  if (status === 403) return { is: 'retry', reason: `${reason}: the server does not allow this; correct \`auth\` or the rights of its user` }
  const passing = status === 408 || status === 425 || status === 429 || status >= 500
  if (!passing) return { is: 'reject', reason }
  const afterMs = retryAfter(headers['retry-after'], now)
  return afterMs === undefined ? { is: 'retry', reason, away: status === 429 } : { is: 'retry', reason, afterMs, away: true }
}

/** What the answer to OPTIONS says of a receiver. Many do not know the method, and take events all the same. */
export function probeOf(url: string, answer: HttpAnswer): Probe {
  const { status } = answer
  const outcome = outcomeOf(answer, 0)
  if (outcome === undefined) return { is: 'ok', says: `${url}: HTTP ${status}, it answers and refuses nobody` }
  if (status === 401 || status === 403 || status === 407 || (status >= 300 && status < 400)) return { is: 'fail', says: `${url}: ${outcome.reason}` }
  if (status === 404) return { is: 'warn', says: `${url}: HTTP 404: it answers, but knows nothing at this path (or not this question); check the path of \`url\`` }
  if (status >= 500 && status !== 501) return { is: 'fail', says: `${url}: ${outcome.reason}` }
  return { is: 'ok', says: `${url}: it answers; HTTP ${status} to OPTIONS does not tell whether it takes events` }
}

/** Longest wait that a server may ask for: an hour. */
const longestWait = 3_600_000

/** Milliseconds of a Retry-After header (RFC 9110, 10.2.3): seconds or a date. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestWait)
}

function shown(body: Uint8Array): string {
  const text = Buffer.from(body.subarray(0, shownBytes)).toString().replaceAll(/[\s\p{Cc}\ufffd]+/gu, ' ').trim()
  return text === '' ? '' : `: ${text}`
}
