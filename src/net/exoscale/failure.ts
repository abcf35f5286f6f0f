import type { HttpAnswer } from '../http/client.ts'
import { failedRequest, failureDetail, type FailedRequest } from '../http/failed-request.ts'
import { messageOfResponse, waitOf } from './answer.ts'

/** A signature with another time than the server's is refused after ten minutes. */
const skewMs = 300_000

export function exoscaleFailure(
  answer: HttpAnswer,
  { what, allow, now }: Readonly<{ what: string; allow: string; now: number }>,
): FailedRequest {
  const { status, headers } = answer
  const message = messageOfResponse(answer)
  const skew = Math.abs(Date.parse(headers.date ?? '') - now)
  if ((status === 401 || status === 403) && skew > skewMs)
    return {
      fault: 'auth',
      message:
        `${what} rejects the signature (${failureDetail(status, message)}): the clock of this machine is ` +
        `${Math.round(skew / 60_000)} minutes off; set the clock`,
      afterMs: 0,
      mayPass: false,
    }
  const login = 'correct `key` and `secret`'
  return failedRequest({ status, message, what, afterMs: waitOf(answer, now), login, allow })
}
