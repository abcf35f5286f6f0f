import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'

const shownChars = 500
const longestWait = 3_600_000

export type Answer = { readonly is: 'accepted' } | Readonly<{ is: 'retry'; reason: string; afterMs?: number }> | Refusal

export type Refusal = Readonly<{
  is: 'refused'
  status: string
  text: string
  /** The status concerns series, so that a request without these is accepted. */
  divisible: boolean
  /** Samples that were stored all the same; undefined: unknown. */
  written: number | undefined
}>

/** The receiver has newer samples of the series, or accepts none of this time. */
const outOfTime = /out[- ]of[- ](?:order|bounds)|duplicate sample|too old|too far/i
const divisible = new Set([400, 409, 422])
const writtenHeader = 'x-prometheus-remote-write-samples-written'

export const isOutOfTime = (text: string): boolean => outOfTime.test(text)

/** Samples written, which receivers of remote write 2.0 state; undefined: the receiver does not know 2.0. */
export function writtenOf({ headers }: Pick<HttpAnswer, 'headers'>): number | undefined {
  const text = headers[writtenHeader]
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined
}

/** 5xx, 408, 425 and 429 are transient; 401, 403, 404 and 3xx concern the configuration. */
export function answerOf({ status, headers, body }: HttpAnswer, now: number): Answer {
  if (status >= 200 && status < 300) return { is: 'accepted' }
  const text = Buffer.from(body).toString()
  const shown = shorten(text)
  const reason = `HTTP ${status}${shown === '' ? '' : `: ${shown}`}`
  if (status >= 300 && status < 400)
    return {
      is: 'retry',
      reason: `${reason}: redirects are not followed; set \`url\` to ${headers.location ?? 'the final address'}`,
    }
  if (status === 401 || status === 403)
    return { is: 'retry', reason: `${reason}: correct \`auth\` or the rights of its user` }
  if (status === 404)
    return {
      is: 'retry',
      reason:
        `${reason}: correct the path of \`url\`, or enable the receiver (Prometheus: ` +
        '--web.enable-remote-write-receiver)',
    }
  if (status === 413) return { is: 'retry', reason: `${reason}: lower \`request_samples\`` }
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    const afterMs = retryAfterMs(headers['retry-after'], now, longestWait)
    return { is: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) }
  }
  return {
    is: 'refused',
    status: `HTTP ${status}`,
    text,
    divisible: divisible.has(status),
    written: writtenOf({ headers }),
  }
}

export function shorten(text: string): string {
  return text
    .slice(0, shownChars)
    .replaceAll(/[\s\p{Cc}\ufffd]+/gu, ' ')
    .trim()
}
