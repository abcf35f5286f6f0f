import type { Attempt } from '../../engine/delivery/in-order.ts'
import { messageOf } from '../../model/errors.ts'

function codeOf(error: unknown) {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function errorText(error: unknown) {
  const text = messageOf(error)
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}

/** Credentials are then read again. */
function isLoginRejected(error: unknown) {
  return codeOf(error).startsWith('Neo.ClientError.Security.')
}

export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === 'Neo.TransientError.Transaction.DeadlockDetected'
}

const permanentCodes: ReadonlySet<string> = new Set(
  [
    'Schema.ConstraintValidationFailed',
    'Statement.ConstraintVerificationFailed',
    'Statement.TypeError',
    'Statement.ArgumentError',
    'Statement.ExecutionFailed',
  ].map((code) => `Neo.ClientError.${code}`),
)

export function outcomeOf(error: unknown, position: string): Attempt {
  if (permanentCodes.has(codeOf(error))) return { is: 'reject', reason: `Neo4j rejected the rows: ${errorText(error)}` }
  return {
    is: 'retry',
    reason: describeFailure(error, position),
    away: !codeOf(error).startsWith('Neo.TransientError.Transaction.'),
  }
}

export function describeFailure(error: unknown, position: string): string {
  const [code, text] = [codeOf(error), errorText(error)]
  switch (code) {
    case 'Neo.ClientError.Security.AuthenticationRateLimit':
      return `${position} temporarily blocks logins after several failed attempts (${text}); correct \`auth\``
    case 'Neo.ClientError.Security.CredentialsExpired':
      return `the password for ${position} must be changed before the first use (${text})`
    case 'Neo.ClientError.Security.Forbidden':
      return (
        `no permission to write to ${position} (${text}); grant the user write access and, for ` +
        `\`create_constraints\`, schema privileges`
      )
    case 'Neo.ClientError.Database.DatabaseNotFound':
      return `database not found at ${position} (${text}); create it, or correct \`database\``
    case 'Neo.ClientError.Schema.ConstraintCreationFailed':
    case 'Neo.DatabaseError.Schema.ConstraintCreationFailed':
      return (
        `can't create a constraint at ${position}: some nodes exist twice (${text}); merge them, or use another ` +
        `\`database\``
      )
    case 'ServiceUnavailable':
    case 'SessionExpired':
      return `${position} can't be reached (${text})`
    default:
      return isLoginRejected(error)
        ? `${position} rejected the login (${text}); correct \`auth\``
        : `can't use ${position} (${code === '' ? '' : `${code}: `}${text})`
  }
}
