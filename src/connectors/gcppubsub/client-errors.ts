import type { Attempt } from '../../engine/delivery/in-order.ts'

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

function errorText(error: unknown) {
  if (!(error instanceof Error)) return String(error)
  const text =
    'details' in error && typeof error.details === 'string' && error.details !== '' ? error.details : error.message
  return text.split('\n')[0]?.slice(0, 300) ?? ''
}

/** Credentials are then read again. */
export function isLoginRejected(error: unknown): boolean {
  const rejection = codeOf(error)
  return (
    rejection === code.unauthenticated ||
    rejection === code.forbidden ||
    /credentials|invalid_grant|auth\.key/i.test(errorText(error))
  )
}

export function unavailableReason(error: unknown, what: string, right: string): string {
  const text = errorText(error)
  switch (codeOf(error)) {
    case code.missing:
      return `${what} not found (${text}); create it, or correct the settings`
    case code.unauthenticated:
      return `Pub/Sub rejected the login (${text}); correct \`auth\``
    case code.forbidden:
      return `access to ${what} is denied (${text}); grant the account ${right}, or correct \`auth\``
    case code.exhausted:
      return `a quota of Pub/Sub is exhausted (${text})`
    case code.late:
      return `Pub/Sub did not respond in time (${text})`
    default:
      return /credentials|invalid_grant|auth\.key/i.test(text)
        ? `no usable credentials (${text}); correct \`auth\``
        : `Pub/Sub can't be used (${text})`
  }
}

export function publishFailure(error: unknown, topic: string): Attempt {
  if (codeOf(error) !== code.invalid)
    return { is: 'retry', reason: unavailableReason(error, topic, 'roles/pubsub.publisher'), away: true }
  const reason = `Pub/Sub rejected the message: ${errorText(error)}`
  return /size|too large/i.test(reason) ? { is: 'reject', reason, tooLarge: true } : { is: 'reject', reason }
}
