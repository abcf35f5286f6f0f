import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Library } from './client-connect.ts'
import type { NatsConfig } from './config.ts'

/** JetStream API error "message size exceeds maximum allowed". */
const tooLargeForStream = 10054
const wrongStream = 10060

/** Outcome of a failed publish. Only failures caused by the event itself are permanent. */
export function publishFailure(error: unknown, subject: string, { stream }: NatsConfig, library: Library): Attempt {
  const { errors } = library
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload')) {
    return { is: 'reject', reason: 'larger than the server takes (max_payload)', tooLarge: true }
  }
  if (error instanceof errors.InvalidSubjectError)
    return { is: 'reject', reason: `${JSON.stringify(subject)} is not a subject` }
  if (error instanceof library.JetStreamApiError) {
    if (error.code === tooLargeForStream)
      return { is: 'reject', reason: 'larger than the stream takes (max_msg_size)', tooLarge: true }
    const advice =
      error.code === wrongStream
        ? `; subject ${subject} belongs to another stream than ${stream ?? ''}: correct \`stream\` or \`subject\``
        : ''
    return { is: 'retry', reason: `JetStream: ${error.message} (${error.code})${advice}` }
  }
  if (error instanceof errors.NoRespondersError) return { is: 'retry', reason: noStream(subject) }
  return { is: 'retry', reason: `NATS: ${errorText(error)}`, away: true }
}

export function unacknowledged({ timeout }: NatsConfig): Attempt {
  return { is: 'retry', reason: `no acknowledgement within ${timeout} ms` }
}

/** Why acknowledgements can't be received. */
export function acknowledgementsDenied(error: Error, inbox: string): string {
  return (
    `acknowledgements can't be heard (${errorText(error)}); let the user subscribe to _INBOX.>, of which ` +
    `${inbox}* is a part`
  )
}

export function publishDenied(subject: string): string {
  return `the server does not let us publish to ${subject}; give the user that right, or correct \`subject\``
}

function noStream(subject: string): string {
  return (
    `no stream takes subject ${subject}, or JetStream is off; create a stream for it, or set \`stream\` ` +
    `and \`create_stream: true\``
  )
}

export function connectTimeout({ url, timeout, tls }: NatsConfig): string {
  // With TLS 1.3 a server rejects a client certificate after the handshake completed; the library then retries
  // silently.
  const certificateMissing = (url.startsWith('tls:') || tls !== null) && (tls?.cert_file ?? null) === null
  return (
    `${url} did not answer within ${timeout} ` +
    `ms${certificateMissing ? '; does it want a certificate of ours? Then set `tls.cert_file` and `tls.key_file`' : ''}`
  )
}

/** Why there is no connection, and the action to take. */
export function whyNotConnected(
  error: unknown,
  { url, stream }: { readonly url: string; readonly stream: string | null },
): string {
  const text = errorText(error)
  if (/^a secret refers to|^the TLS file/.test(text)) return text
  if (/authoriz|authentic|nkey|signature|jwt/i.test(text)) return `${url} refuses our login (${text}); correct \`auth\``
  if (/jetstream/i.test(text)) return `${url}: stream ${stream ?? ''} can't be had (${text}); is JetStream on?`
  return `${url} can't be reached (${text})`
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause =
    error.cause instanceof Error && !error.message.includes(error.cause.message) ? `: ${error.cause.message}` : ''
  return `${error.message === '' ? error.name : error.message}${cause}`
}
