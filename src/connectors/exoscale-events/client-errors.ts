import { PollError } from '../../polling/poll-error.ts'
import { jsonOf, textIn } from '../../net/exoscale/answer.ts'
import { exoscaleFailure } from '../../net/exoscale/failure.ts'
import { HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { messageOf } from '../../model/errors.ts'

export class ExoscaleError extends PollError {
  override readonly name = 'ExoscaleError'
}

export function failureOf(
  answer: HttpAnswer,
  { what, operation, now }: { what: string; operation: string; now: number },
): ExoscaleError {
  const allow = `allow the role of the key \`${operation}\``
  const { message, ...retry } = exoscaleFailure(answer, { what, allow, now })
  return new ExoscaleError(message, retry)
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
