import type { Attempt } from '../../engine/delivery/in-order.ts'
import { WeirError } from '../../model/errors.ts'
import { NoToken } from '../../net/entra.ts'

export class WrongSettings extends Error {}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError) return error.errors.map(errorText).join(', ')
  const [first = ''] = error.message.split('\n')
  // Omits ids, which differ each time.
  const text = first
    .replaceAll(/\s*\[[^\]]*\]:?|\s*(?:TrackingId|SystemTracker|Timestamp|Reference):\S*,?/g, '')
    .replace(/[\s.:]+$/, '')
  return text === '' ? error.name : text.slice(0, 300)
}

/** A new connection would not help. */
const entityErrors: ReadonlySet<string | undefined> = new Set([
  'MessagingEntityNotFound',
  'MessagingEntityDisabled',
  'QuotaExceeded',
  'ServiceBusy',
])

export function isOfConnection(error: unknown): boolean {
  return !entityErrors.has(codeOf(error)) && !/^SenderBusyError\b/.test(errorText(error))
}

export function unavailableReason(error: unknown, entity: string, right: string): string {
  const text = errorText(error)
  if (error instanceof WeirError || error instanceof WrongSettings || error instanceof NoToken) return text
  switch (codeOf(error)) {
    case 'UnauthorizedAccess':
      return (
        `Service Bus rejected the login (${text}); correct \`connection_string\` with a key that has the claim ` +
        `${right} for ${entity}, or \`auth\` with an identity that has the role Azure Service Bus Data ` +
        `${right === 'Send' ? 'Sender' : 'Receiver'}`
      )
    case 'MessagingEntityNotFound':
      return `no ${entity} in the namespace (${text}); create it, or correct the settings`
    case 'MessagingEntityDisabled':
      return `${entity} is disabled (${text}); enable it`
    case 'QuotaExceeded':
      return (
        `${entity} is full, or a quota of the namespace is exhausted (${text}); consume messages, or raise ` +
        'the limit'
      )
    case 'ServiceBusy':
      return `Service Bus is busy and limits the request rate (${text})`
    case 'ServiceTimeout':
      return `Service Bus did not respond in time (${text})`
    default:
      if (/SessionId was not set|requires sessions/.test(text))
        return `${entity} requires sessions (${text}); set \`sessions: true\``
      if (/does not require sessions/.test(text)) return `${entity} has no sessions (${text}); omit \`sessions\``
      return `Service Bus can't be used (${text})`
  }
}

export function sendFailure(error: unknown, entity: string): Attempt {
  const text = errorText(error)
  if (codeOf(error) === 'MessageSizeExceeded')
    return { is: 'reject', reason: `larger than Service Bus accepts: ${text}`, tooLarge: true }
  if (isOfMessage(error)) return { is: 'reject', reason: `Service Bus rejected the message: ${text}` }
  return { is: 'retry', reason: unavailableReason(error, entity, 'Send'), away: true }
}

export function isOfMessage(error: unknown): boolean {
  return (
    codeOf(error) === 'MessageSizeExceeded' ||
    /^(?:ArgumentError|ArgumentOutOfRangeError|InvalidFieldError|DecodeError)\b/.test(errorText(error))
  )
}
