import { defaultAttributes, partialSuccess, rpcStatus } from '../../codecs/otlp/index.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import { resolveFieldName, type FlowFieldName } from '../../model/fields.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'

/** Outcome of an export: accepted; some records refused; or none accepted. */
export type Exported =
  | Readonly<{ is: 'accepted'; warning?: string }>
  | Readonly<{ is: 'partial'; rejected: number; message: string }>
  | Exclude<Attempt, undefined>

const longestWait = 3_600_000

export function attributesOf(mapping: Readonly<Record<string, string>>): ReadonlyMap<FlowFieldName, string> {
  const attributes = new Map(defaultAttributes)
  for (const [name, attribute] of Object.entries(mapping)) {
    const field = resolveFieldName(name)
    if (field === undefined) continue
    if (attribute === '-') attributes.delete(field)
    else attributes.set(field, attribute)
  }
  return attributes
}

export function acceptedOf(body: Uint8Array): Exported {
  const partial = partialSuccess(body)
  if (partial === undefined) return { is: 'accepted' }
  if (partial.rejected > 0) return { is: 'partial', ...partial }
  return partial.message === '' ? { is: 'accepted' } : { is: 'accepted', warning: partial.message }
}

/** By the specification of OTLP: 429, 502, 503 and 504 are transient. 408, 401, 403, 404 and 3xx are retried, too. */
export function httpOutcome({ status, headers, body }: HttpAnswer, now: number): Exported {
  if (status >= 200 && status < 300) return acceptedOf(body)
  const rpc = rpcStatus(body)
  const text = rpc?.message ?? shown(body)
  const reason = `HTTP ${status}${text === '' ? '' : `: ${text}`}`
  if (status >= 300 && status < 400)
    return {
      is: 'retry',
      reason: `${reason}: redirects are not followed; set \`url\` to ${headers.location ?? 'the final address'}`,
      away: true,
    }
  if (status === 401 || status === 403)
    return { is: 'retry', reason: `${reason}: correct \`auth\` or the rights of its user`, away: true }
  if (status === 404)
    return {
      is: 'retry',
      reason: `${reason}: correct the path of \`url\`, or add the signal to the receiver`,
      away: true,
    }
  if ([408, 429, 502, 503, 504].includes(status)) {
    const afterMs = retryAfterMs(headers['retry-after'], now, longestWait) ?? rpc?.retryMs
    return { is: 'retry', reason, away: true, ...(afterMs === undefined ? {} : { afterMs }) }
  }
  return { is: 'reject', reason }
}

type GrpcFailure = Readonly<{
  code: number
  details: string
  /** `grpc-status-details-bin` */
  status: Uint8Array | undefined
}>

const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]
/** Transient by the specification of OTLP. */
const transient = new Set(['CANCELLED', 'DEADLINE_EXCEEDED', 'ABORTED', 'OUT_OF_RANGE', 'UNAVAILABLE', 'DATA_LOSS'])

export function grpcOutcome({ code, details, status }: GrpcFailure): Exported {
  const name = names[code] ?? `code ${code}`
  const rpc = status === undefined ? undefined : rpcStatus(status)
  const reason = `${name}${details === '' ? '' : `: ${details}`}`
  const wait = rpc?.retryMs === undefined ? {} : { afterMs: Math.min(rpc.retryMs, longestWait) }
  if (name === 'UNAUTHENTICATED' || name === 'PERMISSION_DENIED')
    return { is: 'retry', reason: `${reason}: correct \`auth\` or the rights of its user`, away: true }
  if (name === 'UNIMPLEMENTED')
    return {
      is: 'retry',
      reason: `${reason}: the receiver does not support the signal; add it, or correct \`url\``,
      away: true,
    }
  // A message that is too large stays so. Otherwise the server is busy, whether or not it gives a delay.
  if (name === 'RESOURCE_EXHAUSTED')
    return /larger than max|too large|message size/i.test(details)
      ? { is: 'reject', reason, tooLarge: true }
      : { is: 'retry', reason, away: true, ...wait }
  return transient.has(name) ? { is: 'retry', reason, away: true, ...wait } : { is: 'reject', reason }
}

const shownBytes = 300

function shown(body: Uint8Array) {
  return Buffer.from(body.subarray(0, shownBytes))
    .toString()
    .replaceAll(/[\s\p{Cc}\ufffd]+/gu, ' ')
    .trim()
}
