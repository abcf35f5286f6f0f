import type { HalvesAnswer } from '../../engine/delivery/in-halves.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import { fieldsOf, isRecord, parsedJson } from '../../model/json.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'

const shownReason = 500
const longestWait = 3_600_000

/** A response has an item for each document, also if some failed. */
export function bulkAnswer(
  { status, headers, body }: HttpAnswer,
  count: number,
  now: number,
): Exclude<HalvesAnswer, undefined> {
  const text = Buffer.from(body).toString()
  if (status === 200) {
    const items = itemsOf(text)
    if (items === undefined || items.length !== count)
      return { is: 'retry', reason: `the response has ${items?.length ?? 'no'} items for ${count} documents` }
    return { is: 'items', items: items.map(outcomeOf) }
  }
  const reason = `HTTP ${status}${shown(text)}`
  if (status === 413 || status === 400) return { is: 'divide', reason }
  const remedy = remedies[status >= 300 && status < 400 ? 300 : status]
  if (remedy !== undefined) return { is: 'retry', reason: `${reason}: ${remedy}` }
  const afterMs = retryAfterMs(headers['retry-after'], now, longestWait)
  return { is: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) }
}

export const remedies: Readonly<Record<number, string>> = {
  300: 'redirects are not followed; correct `url`',
  401: 'the server rejected the login; correct `auth` or `api_key`',
  403: 'the server denies access; correct the rights of the user',
  404: 'the server has no bulk API here; correct `url`',
  407: 'the proxy rejected the login',
}

function itemsOf(text: string): readonly unknown[] | undefined {
  try {
    const { items } = fieldsOf(JSON.parse(text))
    return Array.isArray(items) ? (items as unknown[]) : undefined
  } catch {
    return undefined
  }
}

function outcomeOf(item: unknown): Attempt {
  const { status, error } = fieldsOf(Object.values(fieldsOf(item))[0])
  const code = Number(status)
  // 409: a document of this id is stored.
  if ((code >= 200 && code < 300) || code === 409) return undefined
  const reason = `${code} ${errorText(error)}`
  // Limits of the cluster are reported like faults of a document.
  const isLimit = /maximum (?:normal )?shards open|cluster_block_exception|index_closed/.test(reason)
  return code === 400 && !isLimit ? { is: 'reject', reason } : { is: 'retry', reason }
}

function errorText(error: unknown): string {
  if (!isRecord(error)) return 'without an error'
  const { type, reason, caused_by: cause } = error
  const more = isRecord(cause) ? `: ${String(cause['reason'] ?? cause['type'])}` : ''
  return shorten(`${String(type)}: ${String(reason)}${more}`)
}

function shown(text: string): string {
  const { error } = fieldsOf(parsedJson(text))
  const reason = isRecord(error) ? errorText(error) : text
  return reason.trim() === '' ? '' : `: ${shorten(reason)}`
}

function shorten(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}�]+/gu, ' ').trim()
  return line.length > shownReason ? `${line.slice(0, shownReason)}…` : line
}
