import { PollError } from '../../polling/poll-error.ts'
import { jsonOf, messageOfResponse, textIn, waitOf } from '../../net/exoscale/answer.ts'
import { HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { messageOf } from '../../model/errors.ts'

export class ExoscaleError extends PollError {
  override readonly name = 'ExoscaleError'
}

const skewMs = 5 * 60_000

export function failureOf(
  answer: HttpAnswer,
  { what, operation, now }: { what: string; operation: string; now: number },
): ExoscaleError {
  const { status } = answer
  const message = messageOfResponse(answer)
  const detail = `HTTP ${status}${message === '' ? '' : `, ${message.slice(0, 300).replace(/\.$/, '')}`}`
  const afterMs = waitOf(answer, now)
  if (status === 401 || status === 403) {
    const skew = Math.abs(Date.parse(answer.headers.date ?? '') - now)
    if (skew > skewMs)
      return new ExoscaleError(
        `${what} rejects the signature (${detail}): the clock of this machine is ` +
          `${Math.round(skew / 60_000)} minutes off; set the clock`,
      )
    if (status === 401)
      return new ExoscaleError(`${what} rejected the login (${detail}); correct \`key\` and \`secret\``)
    return new ExoscaleError(`${what} denies read access (${detail}); allow the role of the key \`${operation}\``)
  }
  if (status === 429)
    return new ExoscaleError(`${what} limits the request rate (${detail})`, { afterMs, mayPass: true })
  if (status >= 500 || status === 408)
    return new ExoscaleError(`${what} is unavailable (${detail})`, { afterMs, mayPass: true })
  return new ExoscaleError(`${what} rejected the request (${detail}); correct the settings`)
}

export function connectionError(error: unknown, what: string): ExoscaleError {
  if (error instanceof HttpError)
    return new ExoscaleError(`${what} can't be reached (${error.message})`, {
      cause: error,
      mayPass: error.kind !== 'too_large',
    })
  return new ExoscaleError(messageOf(error), { cause: error })
}

export function isTooLarge(error: unknown): boolean {
  return error instanceof ExoscaleError && error.cause instanceof HttpError && error.cause.kind === 'too_large'
}

export function parseResponse<T>(answer: HttpAnswer, what: string, is: (value: unknown) => value is T): T {
  const value = jsonOf(answer)
  if (is(value)) return value
  throw new ExoscaleError(`${what} sent an unexpected response: ${textIn(answer).slice(0, 80)}`, {
    mayPass: true,
  })
}
