import { isRecord, parsedJson, textOf } from '../../model/json.ts'
import type { HttpAnswer } from '../http/client.ts'
import { retryAfterMs } from '../http/retry-after.ts'

const maxWaitMs = 10 * 60_000

/** The body as one line. */
export function textIn({ body }: HttpAnswer): string {
  return new TextDecoder().decode(body).replace(/\s+/g, ' ').trim()
}

/** Undefined if the body is not JSON. */
export function jsonOf(answer: HttpAnswer): unknown {
  return parsedJson(textIn(answer))
}

/** The message of an error: `message`, `error`, RFC 9457, or text without its tags. */
export function messageOfResponse(answer: HttpAnswer): string {
  const read = jsonOf(answer)
  if (!isRecord(read))
    return textIn(answer)
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  const faults = (Array.isArray(read['errors']) ? read['errors'] : []).map((value: unknown) =>
    isRecord(value)
      ? [textOf(value['detail']), textOf(value['location'])].filter((part) => part !== undefined).join(' at ')
      : textOf(value),
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

/** The delay that a response requires, in ms: `retry_after` of the body, or `Retry-After`. */
export function waitOf(answer: HttpAnswer, now: number): number {
  const read = jsonOf(answer)
  const after = (isRecord(read) ? textOf(read['retry_after']) : undefined) ?? answer.headers['retry-after']?.trim()
  return retryAfterMs(after, now, maxWaitMs) ?? 0
}
