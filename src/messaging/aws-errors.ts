import type { Attempt } from '../engine/delivery/in-order.ts'

type AwsFailure = Readonly<{
  attempt: Extract<Attempt, { readonly is: 'retry' }>
  login: boolean
  denied: boolean
  /** The request is too large; its messages may be sent alone. */
  requestTooLarge: boolean
}>

export type AwsEntryError = Readonly<{
  id: string | undefined
  code: string | undefined
  message: string | undefined
  senderFault: boolean | undefined
}>

export function failedEntries(
  failed: readonly Partial<
    Record<'Id' | 'Code' | 'Message', string | undefined> & { SenderFault: boolean | undefined }
  >[] = [],
): AwsEntryError[] {
  return failed.map(({ Id: id, Code: code, Message: message, SenderFault: senderFault }) => ({
    id,
    code,
    message,
    senderFault,
  }))
}

const credentialErrors =
  /InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|ExpiredToken|InvalidSecurity|MissingAuthenticationToken|IncompleteSignature|InvalidAccessKeyId|AuthFailure|RequestExpired|OptInRequired|NotSignedUp/i
const noCredentials = /CredentialsProviderError|TokenProviderError|Could not load credentials|AssumeRole/i
const forbidden = /AccessDenied|AuthorizationError|UnauthorizedOperation|NotAuthorized/i
const missing = /QueueDoesNotExist|NonExistentQueue|NotFound/i
const throttled = /Throttl|TooManyRequests|OverLimit|RequestLimitExceeded|SlowDown/i
const keys = /^KMS/i

const throttleMs = 1000

export function awsFailure(error: unknown, where: string, allowed: string): AwsFailure {
  const name = error instanceof Error ? error.name : ''
  const text = errorText(error)
  const described = `${name} ${text}`
  const retry = (
    reason: string,
    more: Partial<Omit<AwsFailure, 'attempt'>> & { readonly afterMs?: number } = {},
  ): AwsFailure => ({
    attempt: { is: 'retry', reason, away: true, ...(more.afterMs === undefined ? {} : { afterMs: more.afterMs }) },
    login: more.login === true,
    denied: more.denied === true,
    requestTooLarge: more.requestTooLarge === true,
  })
  if (/BatchRequestTooLong/.test(described)) return retry(`${where}: ${text}`, { requestTooLarge: true })
  if (credentialErrors.test(described))
    return retry(`AWS rejected the login (${text}); correct \`auth\`, and the machine's clock if it is wrong`, {
      login: true,
    })
  if (noCredentials.test(described))
    return retry(`no AWS credentials found (${text}); provide them to the process, or set \`auth\``, { login: true })
  if (/Region is missing/i.test(described)) return retry('no AWS region found; set `region`', { login: true })
  if (missing.test(name) || /NonExistentQueue/.test(text))
    return retry(`${where} does not exist; create it, or correct the address and \`region\``)
  if (keys.test(name))
    return retry(`the key that encrypts ${where} cannot be used (${text}); allow kms:GenerateDataKey and kms:Decrypt`)
  if (forbidden.test(described))
    return retry(`AWS denies access to ${where} (${text}); allow ${allowed}`, { login: true, denied: true })
  if (throttled.test(described)) return retry(`AWS throttles requests to ${where} (${text})`, { afterMs: throttleMs })
  if (/certificate|self.signed|alert|wrong version number/i.test(described))
    return retry(`${where}: TLS failed (${text}); correct \`tls\`, or the address`)
  return retry(`${where} can't be reached (${text})`)
}

export function entryFailure(
  { code = '', message = '', senderFault }: AwsEntryError,
  where: string,
): NonNullable<Attempt> {
  const text = `${code}${message === '' ? '' : `: ${message}`}`
  if (/shorter than|too long|TooLong/i.test(text))
    return { is: 'reject', reason: `exceeds the limit of ${where} (${text})`, tooLarge: true }
  if (
    /^(?:InvalidMessageContents|InvalidAttribute|InvalidParameter(?:Value)?|InvalidBatchEntryId|ParameterValueInvalid)/.test(
      code,
    ) &&
    senderFault !== false
  )
    return { is: 'reject', reason: `${where} rejected it (${text})` }
  return {
    is: 'retry',
    reason: `${where} rejected it (${text})`,
    ...(throttled.test(code) ? { afterMs: throttleMs } : {}),
  }
}

export function tooLarge(bytes: number, most: number): Attempt {
  return {
    is: 'reject',
    reason: `the message has ${bytes} bytes with its attributes, and \`max_message\` is ${most}`,
    tooLarge: true,
  }
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Node's AggregateError for several addresses has no message.
  if (error instanceof AggregateError) return error.errors.map(errorText).join(', ')
  return error.message === '' || error.message === 'UnknownError' ? error.name : error.message
}
