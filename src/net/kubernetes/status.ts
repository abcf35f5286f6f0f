import type { Answer } from './types.ts'

export type Refusal = Readonly<{
  code: number
  message?: string
  retryAfter?: number
  ahead?: boolean
}>

export type Status = Readonly<{
  code?: number
  reason?: string
  message?: string
  details?: Readonly<{
    retryAfterSeconds?: number
    causes?: readonly Readonly<{ reason?: string; message?: string }>[]
  }>
}>

const maxBytes = 64 * 1024
/** For errors in a watch, which have no HTTP status. */
const codes = new Map([
  ['Expired', 410],
  ['Gone', 410],
  ['Forbidden', 403],
  ['TooManyRequests', 429],
])

export async function readStatus(answer: Answer): Promise<Refusal> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of answer.body) {
      pieces.push(new Uint8Array(piece))
      size += piece.length
      if (size > maxBytes) break
    }
  } catch {
    // The headers suffice.
  } finally {
    answer.close()
  }
  const seconds = Number(answer.headers['retry-after'])
  const refusal = refusalOf(parsed(Buffer.concat(pieces).toString('utf8')), answer.status)
  return {
    ...refusal,
    ...(refusal.retryAfter === undefined && seconds > 0 ? { retryAfter: Math.min(seconds, 3600) } : {}),
  }
}

export function refusalOf({ code, reason, message, details }: Status, otherwise = 500): Refusal {
  const retryAfter = details?.retryAfterSeconds
  const ahead =
    details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') === true ||
    // Servers before 1.17 name no cause.
    (code === 504 && /^too large resource version/i.test(message ?? ''))
  return {
    code: code ?? codes.get(reason ?? '') ?? otherwise,
    ...(message === undefined ? {} : { message: message.slice(0, 500) }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(ahead ? { ahead } : {}),
  }
}

function parsed(text: string): Status {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Status) : {}
  } catch {
    return text.trim() === '' ? {} : { message: text.trim() }
  }
}
