import { PollError } from '../../polling/poll-error.ts'
import { HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import { isRecord, textOf } from '../../model/json.ts'

/**
 * `passing`: the same request may do better soon. `login`: who we are is not taken. `denied`: we may not read this. `settings`: what is
 * asked for is not there. `shape`: an answer that is none.
 */
export type CtsFailure = 'passing' | 'login' | 'denied' | 'settings' | 'shape'

/** Why there are no traces, in words, with what to do. */
export class CtsError extends PollError {
  override readonly name = 'CtsError'
  readonly kind: CtsFailure

  constructor(
    kind: CtsFailure,
    message: string,
    options: { readonly cause?: unknown; readonly afterMs?: number } = {},
  ) {
    super(message, { ...options, mayPass: kind === 'passing' || kind === 'shape' })
    this.kind = kind
  }
}

/** Clocks further apart than this are refused by the other side. */
const skewMs = 15 * 60_000
/** A longer wait is asked for by mistake. */
const longestWaitMs = 10 * 60_000

/** What an answer that is no success means. `what`: which service answered. */
export function failureOf(answer: HttpAnswer, what: string, now: number): CtsError {
  const { status } = answer
  const { code, message } = saidBy(answer)
  const said = `HTTP ${[status, code, message.slice(0, 300)].filter((part) => part !== '').join(', ')}`
  const afterMs = retryAfterMs(answer.headers['retry-after'], now, longestWaitMs) ?? 0
  if (status === 401) {
    if (wantsMore(answer, message))
      return new CtsError(
        'login',
        `${what} wants a second factor (MFA) of this user (${said}), which a program can't give: name a user for programs, without login protection, or sign by keys`,
      )
    const skew = skewOf(answer, now)
    if (/expired/i.test(message) && skew > skewMs / 3)
      return new CtsError(
        'login',
        `${what} refuses our signature, because this machine's clock is ${Math.round(skew / 60_000)} minutes away from the cloud's (${said}); set the clock`,
      )
    return new CtsError(
      'login',
      `${what} refuses our login (${said}); correct \`auth\`${/signature.*expired|expired.*signature/i.test(message) ? ", and look at the clock of this machine: it may be 15 minutes away from the cloud's at most" : ''}`,
    )
  }
  if (status === 403 && what === 'IAM')
    return new CtsError(
      'denied',
      `IAM does not let us in (${said}); with an agency, give the user's group the right to take it on (Agent Operator), and correct \`auth\``,
    )
  if (status === 403)
    return new CtsError(
      'denied',
      `${what} does not let us read (${said}); give our account the policy "CTS ReadOnlyAccess" (action cts:trace:list) in the project`,
    )
  if (status === 429) return new CtsError('passing', `${what} asks to be slower (${said})`, { afterMs })
  // "Query failed, try later" comes as a fault of the request.
  if (status >= 500 || status === 408 || code === 'CTS.0300')
    return new CtsError('passing', `${what} can't answer now (${said})`, { afterMs })
  if (status === 404 || /^CTS\.02(?:03|04|14)$/.test(code))
    return new CtsError('settings', `${what} has no such project or tracker (${said}); correct \`projects\``)
  return new CtsError('settings', `${what} does not take our request (${said}); correct the settings`)
}

/** What a request that got no answer means. */
export function unanswered(error: unknown, what: string): CtsError {
  if (error instanceof CtsError) return error
  if (error instanceof HttpError && error.kind === 'too_large')
    return new CtsError('shape', `${what}: ${error.message}`, { cause: error })
  if (error instanceof HttpError)
    return new CtsError('passing', `${what} can't be reached (${error.message})`, { cause: error })
  throw error
}

/** JSON of an answer. Throws CtsError. */
export function readAnswer(answer: HttpAnswer, what: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(textIn(answer))
    if (isRecord(read)) return read
  } catch {
    // Said below.
  }
  throw new CtsError('shape', `${what} answered something that is no JSON object`)
}

const textIn = ({ body }: HttpAnswer): string => new TextDecoder().decode(body)

/** CTS and the gateway before it write `error_code` and `error_msg`, IAM an object. */
function saidBy(answer: HttpAnswer): { readonly code: string; readonly message: string } {
  let read: unknown
  try {
    read = JSON.parse(textIn(answer))
  } catch {
    return { code: '', message: '' }
  }
  const told = isRecord(read) && isRecord(read['error']) ? read['error'] : read
  if (!isRecord(told)) return { code: '', message: '' }
  const message = textOf(told['error_msg']) ?? textOf(told['message']) ?? ''
  return { code: textOf(told['error_code']) ?? '', message: message.replace(/\.$/, '') }
}

/** A password alone was right, and is not enough (Keystone's receipt; IAM says so in words). */
function wantsMore({ headers, body }: HttpAnswer, message: string): boolean {
  return (
    headers['openstack-auth-receipt'] !== undefined ||
    new TextDecoder().decode(body).includes('"required_auth_methods"') ||
    /\b(?:MFA|TOTP|multi-?factor|passcode|verification code)\b/i.test(message)
  )
}

function skewOf({ headers: { date } }: HttpAnswer, now: number): number {
  const theirs = Date.parse(date ?? '')
  return Number.isNaN(theirs) ? 0 : Math.abs(theirs - now)
}
