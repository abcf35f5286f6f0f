import { fieldsOf } from '../../model/json.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'

export type WriteAnswer =
  | undefined
  | Readonly<{ is: 'retry'; reason: string; afterMs?: number }>
  /** A line is at fault, or the size: the request is halved. */
  | Readonly<{ is: 'divide'; reason: string }>
  | Readonly<{ is: 'items'; items: readonly Readonly<{ is: 'reject'; reason: string }>[] }>

export const shownBytes = 65_536
const shownReason = 500
const longestWait = 3_600_000

/**
 * 400 and 422: lines are at fault, and others may be stored. Writing those again changes nothing. If the server reports
 * that it dropped all `lines`, such as points beyond the retention, no half is sent again.
 */
export function writeAnswer({ status, headers, body }: HttpAnswer, lines: number, now: number): WriteAnswer {
  if (status >= 200 && status < 300) return undefined
  const text = messageIn(Buffer.from(body).toString())
  const reason = `HTTP ${status}${text === '' ? '' : `: ${text}`}`
  const remedy = remedies[status >= 300 && status < 400 ? 300 : status]
  if (remedy !== undefined) return { is: 'retry', reason: `${reason}: ${remedy}` }
  const dropped = Number(/\bdropped=(\d+)/.exec(text)?.[1] ?? 0)
  if ((status === 400 || status === 422) && lines > 0 && dropped >= lines)
    return { is: 'items', items: Array(lines).fill({ is: 'reject', reason }) }
  if (status < 500 && status !== 408 && status !== 425 && status !== 429) return { is: 'divide', reason }
  const afterMs = retryAfterMs(headers['retry-after'], now, longestWait)
  return { is: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) }
}

const remedies: Readonly<Record<number, string>> = {
  300: 'redirects are not followed; correct `url`',
  401: 'the server rejected the login; correct `token` or `auth`',
  403: 'the server denies access; correct the rights of the token or user',
  404: 'the bucket, database or API does not exist; correct `bucket`, `org`, `api` or `url`',
  405: 'no write API at this URL; correct `api` or `url`',
  407: 'the proxy rejected the login',
}

function messageIn(text: string): string {
  let message = text
  try {
    const { error, message: value } = fieldsOf(JSON.parse(text))
    message = [value, error].find((candidate): candidate is string => typeof candidate === 'string') ?? text
  } catch {
    // The response is plain text.
  }
  const line = message.replaceAll(/[\s\p{Cc}�]+/gu, ' ').trim()
  return line.length > shownReason ? `${line.slice(0, shownReason)}…` : line
}
