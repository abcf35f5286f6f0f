import { HttpError, type HttpAnswer } from '../http/client.ts'
import { retryAfterMs } from '../http/retry-after.ts'
import { isRecord, textOf } from '../../model/json.ts'

/** `passing` and `limited`: transient. `settings`: the requested object does not exist. `shape`: malformed response. */
type OtcFailure = 'passing' | 'limited' | 'timeout' | 'login' | 'denied' | 'settings' | 'shape'

/** A request to IAM or a service that failed. */
export class OtcError extends Error {
  override readonly name = 'OtcError'
  readonly kind: OtcFailure
  readonly afterMs: number
  /** HTTP status; undefined without a response. */
  status: number | undefined

  constructor(kind: OtcFailure, message: string, options: Readonly<{ cause?: unknown; afterMs?: number }> = {}) {
    const { cause, afterMs = 0 } = options
    super(message, cause === undefined ? {} : { cause })
    this.kind = kind
    this.afterMs = afterMs
  }

  /** True if a retry of the same request may succeed. */
  get mayPass(): boolean {
    return this.kind === 'passing' || this.kind === 'limited' || this.kind === 'timeout' || this.kind === 'shape'
  }
}

/** A service of the cloud, and its peculiarities. */
export type OtcService = Readonly<{
  /** Name of the service in messages. */
  name: string
  /** Types of the service in the catalog, the best first. */
  types: readonly string[]
  /** First part of the host name of the service. */
  host: string
  /** Action that a message recommends after a denied request. */
  allow: string
  /** Name of the requested objects in messages. */
  objects: string
  /** Codes of transient errors with a 4xx status. */
  passing?: RegExp
  /** Error codes for objects that do not exist. */
  missing?: RegExp
}>

const iam = { allow: '', objects: 'project', passing: undefined, missing: undefined }
const skewMs = 15 * 60_000
const maxWaitMs = 10 * 60_000

export function failureOf(answer: HttpAnswer, service: OtcService | 'IAM', now: number): OtcError {
  const failure = reasonOf(answer, service, now)
  failure.status = answer.status
  return failure
}

function reasonOf(answer: HttpAnswer, service: OtcService | 'IAM', now: number): OtcError {
  const serviceName = service === 'IAM' ? service : service.name
  const { status } = answer
  const { code, message } = errorOf(answer)
  const detail = `HTTP ${[status, code, message.slice(0, 300)].filter((part) => part !== '').join(', ')}`
  const afterMs = retryAfterMs(answer.headers['retry-after'], now, maxWaitMs) ?? 0
  if (status === 401) {
    if (needsSecondFactor(answer, message))
      return new OtcError(
        'login',
        `${serviceName} requires multi-factor authentication (MFA) for this user (${detail}); use a technical user ` +
          'without login protection, or access keys',
      )
    const skew = skewOf(answer, now)
    if (/expired/i.test(message) && skew > skewMs / 3)
      return new OtcError(
        'login',
        `${serviceName} rejects the signature: the clock of this machine is ${Math.round(skew / 60_000)} minutes ` +
          `off (${detail}); set the clock`,
      )
    const hint = /signature.*expired|expired.*signature/i.test(message)
      ? ', and check the clock of this machine: a difference of 15 minutes is the maximum'
      : ''
    return new OtcError('login', `${serviceName} rejected the login (${detail}); correct \`auth\`${hint}`)
  }
  if (status === 403 && service === 'IAM')
    return new OtcError(
      'denied',
      `IAM rejected the login (${detail}); with an agency, grant the user's group the permission to assume ` +
        `it (Agent Operator), and correct \`auth\``,
    )
  const { allow, objects, passing, missing } = service === 'IAM' ? iam : service
  if (status === 403) return new OtcError('denied', `${serviceName} denies read access (${detail}); ${allow}`)
  if (status === 429) return new OtcError('limited', `${serviceName} limits the request rate (${detail})`, { afterMs })
  if (status >= 500 || status === 408 || passing?.test(code) === true)
    return new OtcError('passing', `${serviceName} is unavailable (${detail})`, { afterMs })
  if (status === 404 || missing?.test(code) === true)
    return new OtcError('settings', `${objects} not found at ${serviceName} (${detail}); correct \`projects\``)
  return new OtcError('settings', `${serviceName} rejected the request (${detail}); correct the settings`)
}

export function connectionError(error: unknown, what: string): OtcError {
  if (error instanceof OtcError) return error
  if (error instanceof HttpError && error.kind === 'too_large')
    return new OtcError('shape', `${what}: ${error.message}`, { cause: error })
  if (error instanceof HttpError)
    return new OtcError(
      error.kind === 'timeout' ? 'timeout' : 'passing',
      `${what} can't be reached (${error.message})`,
      { cause: error },
    )
  throw error
}

export function parseResponse(answer: HttpAnswer, what: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(textIn(answer))
    if (isRecord(read)) return read
  } catch {
    // The error below reports a body that is not JSON.
  }
  throw new OtcError('shape', `${what} responded with something other than a JSON object`)
}

const textIn = ({ body }: HttpAnswer) => new TextDecoder().decode(body)

function errorOf(answer: HttpAnswer): Readonly<{ code: string; message: string }> {
  let read: unknown
  try {
    read = JSON.parse(textIn(answer))
  } catch {
    return { code: '', message: '' }
  }
  const error = isRecord(read) && isRecord(read['error']) ? read['error'] : read
  if (!isRecord(error)) return { code: '', message: '' }
  const message = textOf(error['error_msg']) ?? textOf(error['message']) ?? ''
  return { code: textOf(error['error_code']) ?? '', message: message.replace(/\.$/, '') }
}

/** Keystone sends a receipt, IAM only a message. */
function needsSecondFactor({ headers, body }: HttpAnswer, message: string) {
  return (
    headers['openstack-auth-receipt'] !== undefined ||
    new TextDecoder().decode(body).includes('"required_auth_methods"') ||
    /\b(?:MFA|TOTP|multi-?factor|passcode|verification code)\b/i.test(message)
  )
}

function skewOf({ headers: { date } }: HttpAnswer, now: number) {
  const serverTime = Date.parse(date ?? '')
  return Number.isNaN(serverTime) ? 0 : Math.abs(serverTime - now)
}
