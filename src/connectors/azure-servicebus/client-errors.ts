import type { Attempt } from '../../engine/delivery/in-order.ts'
import { WeirError } from '../../model/errors.ts'
import { NoToken } from '../../net/entra.ts'

/** What is configured can't be used; says what to do. */
export class WrongSettings extends Error {}

/** Codes of the library, which are Service Bus's conditions in other words. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

export function says(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError) return error.errors.map(says).join(', ')
  const [first = ''] = error.message.split('\n')
  // Ids of links and requests differ each time, and help nobody here.
  const text = first
    .replaceAll(/\s*\[[^\]]*\]:?|\s*(?:TrackingId|SystemTracker|Timestamp|Reference):\S*,?/g, '')
    .replace(/[\s.:]+$/, '')
  return text === '' ? error.name : text.slice(0, 300)
}

/** Service Bus has answered, and another connection would get the same answer. */
const answers: ReadonlySet<string | undefined> = new Set([
  'MessagingEntityNotFound',
  'MessagingEntityDisabled',
  'QuotaExceeded',
  'ServiceBusy',
])

/** The connection, or our proof of identity, is of no use: both are made anew. */
export function isOfConnection(error: unknown): boolean {
  return !answers.has(codeOf(error)) && !/^SenderBusyError\b/.test(says(error))
}

/** Why it can't be used, in words, with what to do. `right`: `Send` or `Listen`. */
export function why(error: unknown, entity: string, right: string): string {
  const text = says(error)
  if (error instanceof WeirError || error instanceof WrongSettings || error instanceof NoToken) return text
  switch (codeOf(error)) {
    case 'UnauthorizedAccess':
      return `Service Bus refuses our login (${text}); correct \`connection_string\`, whose key needs the claim ${right} for ${entity}, or \`auth\`, whose identity needs the role Azure Service Bus Data ${right === 'Send' ? 'Sender' : 'Receiver'}`
    case 'MessagingEntityNotFound':
      return `there is no ${entity} in the namespace (${text}); create it, or correct the settings`
    case 'MessagingEntityDisabled':
      return `${entity} is disabled (${text}); enable it`
    case 'QuotaExceeded':
      return `${entity} is full, or a quota of the namespace is used up (${text}); let it be read, or make it larger`
    case 'ServiceBusy':
      return `Service Bus is busy and asks us to wait (${text})`
    case 'ServiceTimeout':
      return `Service Bus gave no answer in time (${text})`
    default:
      if (/SessionId was not set|requires sessions/.test(text))
        return `${entity} wants sessions (${text}); set \`sessions: true\``
      if (/does not require sessions/.test(text)) return `${entity} has no sessions (${text}); leave out \`sessions\``
      return `Service Bus can't be used (${text})`
  }
}

/** What a failed request means for its only message. */
export function verdict(error: unknown, entity: string): Attempt {
  const text = says(error)
  if (codeOf(error) === 'MessageSizeExceeded')
    return { is: 'reject', reason: `larger than Service Bus takes: ${text}`, tooLarge: true }
  if (isOfMessage(error)) return { is: 'reject', reason: `Service Bus does not take it: ${text}` }
  return { is: 'retry', reason: why(error, entity, 'Send'), away: true }
}

/** A message is to blame, and no other of its request. */
export function isOfMessage(error: unknown): boolean {
  return (
    codeOf(error) === 'MessageSizeExceeded' ||
    /^(?:ArgumentError|ArgumentOutOfRangeError|InvalidFieldError|DecodeError)\b/.test(says(error))
  )
}
