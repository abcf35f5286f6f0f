import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { RabbitmqConfig } from './config.ts'
import type { RabbitMessage } from './map.ts'

type Named = Pick<RabbitmqConfig, 'exchange' | 'vhost'>

/** Codes of AMQP by which a server closes a channel or a connection. */
const refused = 403
const notFound = 404
const precondition = 406

/** Why the server closed the channel on which messages were waiting. */
export interface ChannelClosed {
  readonly code: number | undefined
  readonly says: string
  /** Bytes of the largest message that the server takes, when it was for that. */
  readonly largest: number | undefined
  /** The one routing key that was to blame, if one was. */
  readonly forbidden: string | undefined
}

export function channelClosed(error: unknown): ChannelClosed {
  const text = says(error)
  const largest = /message size \d+ .*max size (\d+)/.exec(text)?.[1]
  const code = codeOf(error)
  return {
    code,
    says: text,
    largest: code === precondition && largest !== undefined ? Number(largest) : undefined,
    forbidden: code === refused ? /access to topic '(.*)' in exchange/s.exec(text)?.[1] : undefined,
  }
}

/** What is to become of a message that waited when its channel was closed; 'again': it was not to blame, and is published once more. */
export function verdict(closed: ChannelClosed, { body, routingKey }: RabbitMessage, config: Named): Attempt | 'again' {
  if (closed.largest !== undefined) return body.length > closed.largest ? tooLarge(closed.largest) : 'again'
  if (closed.forbidden !== undefined)
    return routingKey === closed.forbidden
      ? {
          is: 'retry',
          reason: `RabbitMQ does not let us publish to ${config.exchange} with routing key ${routingKey}; give the user that right (topic permissions), or correct \`routing_key\``,
        }
      : 'again'
  return { is: 'retry', reason: reasonOf(closed, config), away: true }
}

function reasonOf({ code, says: text }: ChannelClosed, { exchange, vhost }: Named): string {
  if (code === notFound)
    return `RabbitMQ has no exchange ${exchange} in vhost ${vhost}; create it, correct \`exchange\`, or set \`declare\``
  if (code === refused)
    return `RabbitMQ does not let us publish to ${exchange} (${text}); give the user the right to write there`
  return `RabbitMQ: ${text}`
}

export function tooLarge(largest: number): Attempt {
  return { is: 'reject', reason: `larger than the server takes (max_message_size, ${largest} bytes)`, tooLarge: true }
}

export function unroutable(routingKey: string, { exchange }: Named): Attempt {
  const where =
    exchange === 'amq.default'
      ? `there is no queue ${routingKey}; create it, or correct \`routing_key\``
      : `no queue of exchange ${exchange} takes routing key ${JSON.stringify(routingKey)}; bind a queue to the exchange, or correct \`routing_key\``
  return { is: 'retry', reason: where }
}

export const nacked = {
  is: 'retry',
  reason:
    'RabbitMQ refused it (nack): a queue is full and rejects what comes (`overflow: reject-publish`), or too few of its nodes are there',
} as const satisfies Attempt

export function blockedFor(reason: string): string {
  return `RabbitMQ takes no messages just now (${reason}); free memory or disk space on its nodes, or let its queues be read`
}

/** Why there is no connection to a node, with what to do about it. */
export function whyNotConnected(
  error: unknown,
  url: string,
  { vhost, tls, auth, timeout }: Pick<RabbitmqConfig, 'vhost' | 'tls' | 'auth' | 'timeout'>,
): string {
  const text = says(error)
  // The library does not hand on what the server says of a virtual host.
  if (/vhost|Expected ConnectionOpenOk/.test(text))
    return `${url}: vhost ${vhost} can't be had; create it, let the user in, or correct \`vhost\``
  if (/ACCESS_REFUSED/.test(text)) return `${url} refuses our login (${reply(text)}); correct \`auth\``
  if (/SASL mechanism/.test(text))
    return `${url} knows no such login (${text}); ${auth.type === 'external' ? 'turn on its plugin rabbitmq_auth_mechanism_ssl and `auth_mechanisms.1 = EXTERNAL`, over TLS' : 'let it take PLAIN'}`
  if (/ETIMEDOUT/.test(text)) return `${url} did not answer within ${timeout} ms`
  const ours =
    (tls?.cert_file ?? null) === null
      ? 'does it want a certificate of ours? Then set `tls.cert_file` and `tls.key_file`'
      : 'does it know who signed our certificate? See `tls.cert_file`'
  if (/^TLS: .*alert/.test(text)) return `${url} does not take us (${text}); ${ours}`
  if (/^TLS: (?:wrong version number|packet length too long)/.test(text))
    return `${url} does not speak TLS (${text}); write amqp:// and leave out \`tls\`, or correct the port`
  // A refusal of our certificate may be lost with the connection.
  if (/Socket closed abruptly|ECONNRESET/.test(text))
    return `${url} closed the connection at once; ${tls !== null || url.startsWith('amqps:') ? ours : 'is it RabbitMQ, and does it want TLS (amqps://, port 5671)?'}`
  return `${url} can't be reached (${text})`
}

/** What the server said, out of what the library says of it. */
function reply(text: string): string {
  return /((?:ACCESS_REFUSED|NOT_ALLOWED) - [^"\n]*?)\.?(?: For details.*)?["\n]/s.exec(`${text}\n`)?.[1] ?? text
}

export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

export function says(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Node tries every address of a name, and says so without a word of its own.
  if (error instanceof AggregateError) return error.errors.map(says).join(', ')
  const tls = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message)?.[1]
  if (tls !== undefined) return `TLS: ${tls}`
  return error.message === '' ? error.name : error.message
}
