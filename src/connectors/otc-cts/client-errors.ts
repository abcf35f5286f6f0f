import { PollError } from '../../polling/poll-error.ts'
import { HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import { isRecord, textOf } from '../../model/json.ts'

/** `passing`: transient. `settings`: the requested object does not exist. `shape`: malformed response. */
type CtsFailure = 'passing' | 'login' | 'denied' | 'settings' | 'shape'

export class CtsError extends PollError {
  override readonly name = 'CtsError'
  readonly kind: CtsFailure

  constructor(kind: CtsFailure, message: string, options: Readonly<{ cause?: unknown; afterMs?: number }> = {}) {
    super(message, { ...options, mayPass: kind === 'passing' || kind === 'shape' })
    this.kind = kind
  }
}

const skewMs = 15 * 60_000
const maxWaitMs = 10 * 60_000

export function failureOf(answer: HttpAnswer, what: string, now: number): CtsError {
  const { status } = answer
  const { code, message } = errorOf(answer)
  const detail = `HTTP ${[status, code, message.slice(0, 300)].filter((part) => part !== '').join(', ')}`
  const afterMs = retryAfterMs(answer.headers['retry-after'], now, maxWaitMs) ?? 0
  if (status === 401) {
    if (needsSecondFactor(answer, message))
      return new CtsError(
        'login',
        `${what} requires multi-factor authentication (MFA) for this user (${detail}); use a technical user ` +
          'without login protection, or access keys',
      )
    const skew = skewOf(answer, now)
    if (/expired/i.test(message) && skew > skewMs / 3)
      return new CtsError(
        'login',
        `${what} rejects the signature: the clock of this machine is ${Math.round(skew / 60_000)} minutes ` +
          `off (${detail}); set the clock`,
      )
    const hint = /signature.*expired|expired.*signature/i.test(message)
      ? ', and check the clock of this machine: a difference of 15 minutes is the maximum'
      : ''
    return new CtsError('login', `${what} rejected the login (${detail}); correct \`auth\`${hint}`)
  }
  if (status === 403 && what === 'IAM')
    return new CtsError(
      'denied',
      `IAM rejected the login (${detail}); with an agency, grant the user's group the permission to assume ` +
        `it (Agent Operator), and correct \`auth\``,
    )
  if (status === 403)
    return new CtsError(
      'denied',
      `${what} denies read access (${detail}); grant the account the policy "CTS ReadOnlyAccess" (action ` +
        'cts:trace:list) in the project',
    )
  if (status === 429) return new CtsError('passing', `${what} limits the request rate (${detail})`, { afterMs })
  // "Query failed, try later" has a 4xx status.
  if (status >= 500 || status === 408 || code === 'CTS.0300')
    return new CtsError('passing', `${what} is unavailable (${detail})`, { afterMs })
  if (status === 404 || /^CTS\.02(?:03|04|14)$/.test(code))
    return new CtsError('settings', `project or tracker not found at ${what} (${detail}); correct \`projects\``)
  return new CtsError('settings', `${what} rejected the request (${detail}); correct the settings`)
}

export function connectionError(error: unknown, what: string): CtsError {
  if (error instanceof CtsError) return error
  if (error instanceof HttpError && error.kind === 'too_large')
    return new CtsError('shape', `${what}: ${error.message}`, { cause: error })
  if (error instanceof HttpError)
    return new CtsError('passing', `${what} can't be reached (${error.message})`, { cause: error })
  throw error
}

export function parseResponse(answer: HttpAnswer, what: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(textIn(answer))
    if (isRecord(read)) return read
  } catch {
    // Reported below.
  }
  throw new CtsError('shape', `${what} responded with something other than a JSON object`)
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
