import { PollError } from '../../polling/poll-error.ts'
import { isRecord, textOf } from '../../model/json.ts'
import { HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import { messageOf } from '../../model/errors.ts'

/** Why there are no events, in words, with what to do. */
export class ExoscaleError extends PollError {
  override readonly name = 'ExoscaleError'
}

/** A longer wait is asked for by mistake. */
const longestWaitMs = 10 * 60_000
/** Signatures are good for ten minutes. */
const skewMs = 5 * 60_000

/** What an answer that is no success means. `what`: who answered; `operation`: what has to be allowed. */
export function failureOf(
  answer: HttpAnswer,
  { what, operation, now }: { readonly what: string; readonly operation: string; readonly now: number },
): ExoscaleError {
  const { status } = answer
  const told = saidBy(answer)
  const said = `HTTP ${status}${told === '' ? '' : `, ${told.slice(0, 300).replace(/\.$/, '')}`}`
  const afterMs = waitOf(answer, now)
  if (status === 401 || status === 403) {
    const skew = Math.abs(Date.parse(answer.headers.date ?? '') - now)
    if (skew > skewMs)
      return new ExoscaleError(
        `${what} refuses our signature (${said}), and this machine's clock is ${Math.round(skew / 60_000)} minutes away from its: set the clock`,
      )
    if (status === 401) return new ExoscaleError(`${what} refuses our login (${said}); correct \`key\` and \`secret\``)
    return new ExoscaleError(`${what} does not let us read (${said}); allow the role of the key \`${operation}\``)
  }
  if (status === 429) return new ExoscaleError(`${what} asks to be slower (${said})`, { afterMs, mayPass: true })
  if (status >= 500 || status === 408)
    return new ExoscaleError(`${what} can't answer now (${said})`, { afterMs, mayPass: true })
  return new ExoscaleError(`${what} does not take our request (${said}); correct the settings`)
}

/** What a request that got no answer means, or was not made, for want of a secret or a certificate. */
export function unanswered(error: unknown, what: string): ExoscaleError {
  if (error instanceof HttpError)
    return new ExoscaleError(`${what} can't be reached (${error.message})`, {
      cause: error,
      mayPass: error.kind !== 'too_large',
    })
  return new ExoscaleError(messageOf(error), { cause: error })
}

/** Whether there was more than is read at once. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof ExoscaleError && error.cause instanceof HttpError && error.cause.kind === 'too_large'
}

/** JSON of an answer; `is` says whether it is what was asked for. Throws ExoscaleError. */
export function readAnswer<T>(answer: HttpAnswer, what: string, is: (value: unknown) => value is T): T {
  const value = jsonOf(answer)
  if (is(value)) return value
  throw new ExoscaleError(`${what} answered something else than was asked for: ${textIn(answer).slice(0, 80)}`, {
    mayPass: true,
  })
}

const textIn = ({ body }: HttpAnswer): string => new TextDecoder().decode(body).replace(/\s+/g, ' ').trim()

function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(textIn(answer)) as unknown
  } catch {
    return undefined
  }
}

/** `message`, `error`, what RFC 9457 has, or plain text. */
function saidBy(answer: HttpAnswer): string {
  const read = jsonOf(answer)
  if (!isRecord(read))
    return textIn(answer)
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  const faults = (Array.isArray(read['errors']) ? read['errors'] : []).map((one: unknown) =>
    isRecord(one)
      ? [textOf(one['detail']), textOf(one['location'])].filter((part) => part !== undefined).join(' at ')
      : textOf(one),
  )
  return (
    textOf(read['message']) ??
    textOf(read['error']) ??
    [read['title'], read['detail'], ...faults]
      .map(textOf)
      .filter((part) => part !== undefined)
      .join(': ')
  )
}

/** Seconds in the body or in the header, or a date there (RFC 9110, 10.2.3). */
function waitOf(answer: HttpAnswer, now: number): number {
  const read = jsonOf(answer)
  const after = (isRecord(read) ? textOf(read['retry_after']) : undefined) ?? answer.headers['retry-after']?.trim()
  return retryAfterMs(after, now, longestWaitMs) ?? 0
}
