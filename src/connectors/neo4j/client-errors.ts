import type { Attempt } from '../../engine/delivery/in-order.ts'
import { messageOf } from '../../model/errors.ts'

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

export function says(error: unknown): string {
  const text = messageOf(error)
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}

/** Our credentials are of no use, or of none any more: they are read again. */
export function isRefusal(error: unknown): boolean {
  return codeOf(error).startsWith('Neo.ClientError.Security.')
}

/** Two transactions waited for each other, and the database gave up this one. */
export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === 'Neo.TransientError.Transaction.DeadlockDetected'
}

/** Refused for what the rows say: the same rows are refused again. */
const poison: ReadonlySet<string> = new Set(
  [
    'Schema.ConstraintValidationFailed',
    'Statement.ConstraintVerificationFailed',
    'Statement.TypeError',
    'Statement.ArgumentError',
    'Statement.ExecutionFailed',
  ].map((code) => `Neo.ClientError.${code}`),
)

/** What the failed transaction of some rows means for them. */
export function verdict(error: unknown, place: string): Attempt {
  if (poison.has(codeOf(error))) return { is: 'reject', reason: `Neo4j does not take it: ${says(error)}` }
  // Of two that wait for each other one gives up: the database itself is well.
  return { is: 'retry', reason: why(error, place), away: !codeOf(error).startsWith('Neo.TransientError.Transaction.') }
}

/** Why it can't be used, in words, with what to do. */
export function why(error: unknown, place: string): string {
  const [code, text] = [codeOf(error), says(error)]
  switch (code) {
    case 'Neo.ClientError.Security.AuthenticationRateLimit':
      return `${place} takes no login for some seconds after several wrong ones (${text}); correct \`auth\``
    case 'Neo.ClientError.Security.CredentialsExpired':
      return `the password for ${place} has to be changed before it is good for anything (${text})`
    case 'Neo.ClientError.Security.Forbidden':
      return `we may not write to ${place} (${text}); give our user the right to write and, for \`create_constraints\`, to make constraints and indexes`
    case 'Neo.ClientError.Database.DatabaseNotFound':
      return `there is no such database at ${place} (${text}); create it, or correct \`database\``
    case 'Neo.ClientError.Schema.ConstraintCreationFailed':
    case 'Neo.DatabaseError.Schema.ConstraintCreationFailed':
      return `a constraint can't be made at ${place}: some nodes are there twice (${text}); join them, or take another \`database\``
    case 'ServiceUnavailable':
    case 'SessionExpired':
      return `${place} can't be reached (${text})`
    default:
      return isRefusal(error)
        ? `${place} refuses our login (${text}); correct \`auth\``
        : `${place} can't be used (${code === '' ? '' : `${code}: `}${text})`
  }
}
