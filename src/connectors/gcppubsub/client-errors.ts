import type { Attempt } from '../../engine/delivery/in-order.ts'

/** Codes of gRPC that matter here. */
export const code = {
  invalid: 3,
  late: 4,
  missing: 5,
  forbidden: 7,
  exhausted: 8,
  precondition: 9,
  unauthenticated: 16,
} as const

export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

export function says(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text =
    'details' in error && typeof error.details === 'string' && error.details !== '' ? error.details : error.message
  return text.split('\n')[0]?.slice(0, 300) ?? ''
}

/** Our credentials are of no use: they are read again. */
export function isRefusal(error: unknown): boolean {
  const found = codeOf(error)
  return (
    found === code.unauthenticated ||
    found === code.forbidden ||
    /credentials|invalid_grant|auth\.key/i.test(says(error))
  )
}

/** Why it can't be used, in words, with what to do. `what`: the full name of a topic or subscription. */
export function why(error: unknown, what: string, right: string): string {
  const text = says(error)
  switch (codeOf(error)) {
    case code.missing:
      return `there is no ${what} (${text}); create it, or correct the settings`
    case code.unauthenticated:
      return `Pub/Sub refuses our login (${text}); correct \`auth\``
    case code.forbidden:
      return `we may not use ${what} (${text}); give the account ${right}, or correct \`auth\``
    case code.exhausted:
      return `a quota of Pub/Sub is used up (${text})`
    case code.late:
      return `Pub/Sub gave no answer in time (${text})`
    default:
      return /credentials|invalid_grant|auth\.key/i.test(text)
        ? `there are no credentials that can be used (${text}); correct \`auth\``
        : `Pub/Sub can't be used (${text})`
  }
}

/** What a failed request means for its only message. */
export function verdict(error: unknown, topic: string): Attempt {
  if (codeOf(error) !== code.invalid)
    return { is: 'retry', reason: why(error, topic, 'roles/pubsub.publisher'), away: true }
  const reason = `Pub/Sub does not take it: ${says(error)}`
  return /size|too large/i.test(reason) ? { is: 'reject', reason, tooLarge: true } : { is: 'reject', reason }
}
