import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Library } from './client-connect.ts'
import type { NatsConfig } from './config.ts'

const tooLargeForStream = 10054
const wrongStream = 10060

/** Only failures caused by the event itself are permanent. */
export function publishFailure(error: unknown, subject: string, { stream }: NatsConfig, library: Library): Attempt {
  const { errors } = library
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload')) {
    return { is: 'reject', reason: 'exceeds the limit of the server (max_payload)', tooLarge: true }
  }
  if (error instanceof errors.InvalidSubjectError)
    return { is: 'reject', reason: `${JSON.stringify(subject)} is not a valid subject` }
  if (error instanceof library.JetStreamApiError) {
    if (error.code === tooLargeForStream)
      return { is: 'reject', reason: 'exceeds the limit of the stream (max_msg_size)', tooLarge: true }
    const advice =
      error.code === wrongStream
        ? `; subject ${subject} belongs to a stream other than ${stream ?? ''}: correct \`stream\` or \`subject\``
        : ''
    return { is: 'retry', reason: `JetStream: ${error.message} (${error.code})${advice}` }
  }
  if (error instanceof errors.NoRespondersError) return { is: 'retry', reason: noStream(subject) }
  return { is: 'retry', reason: `NATS: ${errorText(error)}`, away: true }
}

export function unacknowledged({ timeout }: NatsConfig): Attempt {
  return { is: 'retry', reason: `no acknowledgement within ${timeout} ms` }
}

export function acknowledgementsDenied(error: Error, inbox: string): string {
  return (
    `acknowledgements are denied (${errorText(error)}); let the user subscribe to _INBOX.>, which includes ` +
    `${inbox}* is a part`
  )
}

export function publishDenied(subject: string): string {
  return `the server denies publishing to ${subject}; grant the user that permission, or correct \`subject\``
}

function noStream(subject: string) {
  return (
    `no stream has subject ${subject}, or JetStream is disabled; create a stream for it, or set \`stream\` ` +
    `and \`create_stream: true\``
  )
}

export function connectTimeout({ url, timeout, tls }: NatsConfig): string {
  // With TLS 1.3 the rejection of a client certificate follows the handshake; the library then retries silently.
  const certificateMissing = (url.startsWith('tls:') || tls !== null) && (tls?.cert_file ?? null) === null
  return (
    `${url} did not respond within ${timeout} ` +
    `ms${certificateMissing ? '; if it requires a client certificate, set `tls.cert_file` and `tls.key_file`' : ''}`
  )
}

export function whyNotConnected(error: unknown, { url, stream }: { url: string; stream: string | null }): string {
  const text = errorText(error)
  if (/^a secret refers to|^the TLS file/.test(text)) return text
  if (/authoriz|authentic|nkey|signature|jwt/i.test(text))
    return `${url} rejected the login (${text}); correct \`auth\``
  if (/jetstream/i.test(text))
    return `${url}: stream ${stream ?? ''} is unavailable (${text}); check that JetStream is enabled`
  return `${url} can't be reached (${text})`
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause =
    error.cause instanceof Error && !error.message.includes(error.cause.message) ? `: ${error.cause.message}` : ''
  return `${error.message === '' ? error.name : error.message}${cause}`
}
