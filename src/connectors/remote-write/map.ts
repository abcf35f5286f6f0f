import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'

export const shownBytes = 500
const longestWait = 3_600_000

/** Servers that have newer samples of a series. */
const outOfOrder = /out[- ]of[- ](?:order|bounds)|duplicate sample|too old|too far/i

/**
 * 5xx, 408, 425 and 429 are transient; 401, 403, 404 and 3xx concern the configuration. Samples out of order are
 * pushed again with a later time, because they are sums. Other statuses refuse the series.
 */
export function outcomeOf({ status, headers, body }: HttpAnswer, now: number): Attempt {
  if (status >= 200 && status < 300) return undefined
  const text = shown(body)
  const reason = `HTTP ${status}${text === '' ? '' : `: ${text}`}`
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
  if (outOfOrder.test(text))
    return {
      is: 'retry',
      reason:
        `${reason}: the server has newer samples of the series; if another instance pushes them, give each its own ` +
        '`labels`, and check the clocks',
    }
  return { is: 'reject', reason }
}

function shown(body: Uint8Array): string {
  return Buffer.from(body.subarray(0, shownBytes))
    .toString()
    .replaceAll(/[\s\p{Cc}\ufffd]+/gu, ' ')
    .trim()
}
