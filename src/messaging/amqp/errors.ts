import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { AmqpMessage, AmqpServer, AmqpTarget } from './settings.ts'

type Named = Pick<AmqpTarget, 'exchange' | 'vhost'>

const accessRefused = 403
const notFound = 404
const precondition = 406

type ChannelClosed = Readonly<{
  code: number | undefined
  message: string
  maxBytes: number | undefined
  accessDenied: string | undefined
}>

export function channelClosed(error: unknown): ChannelClosed {
  const text = errorText(error)
  const maxBytes = /message size \d+ .*max size (\d+)/.exec(text)?.[1]
  const code = codeOf(error)
  return {
    code,
    message: text,
    maxBytes: code === precondition && maxBytes !== undefined ? Number(maxBytes) : undefined,
    accessDenied: code === accessRefused ? /access to topic '(.*)' in exchange/s.exec(text)?.[1] : undefined,
  }
}

/** Outcome of an unconfirmed message after its channel closed; 'again': it is not the cause. */
export function publishFailure(
  closed: ChannelClosed,
  { body, routingKey }: AmqpMessage,
  config: Named,
): Attempt | 'again' {
  if (closed.maxBytes !== undefined) return body.length > closed.maxBytes ? tooLarge(closed.maxBytes) : 'again'
  if (closed.accessDenied !== undefined)
    return routingKey === closed.accessDenied
      ? {
          is: 'retry',
          reason:
            `RabbitMQ denies publishing to ${config.exchange} with routing key ${routingKey}; grant the user ` +
            `topic permissions, or correct \`routing_key\``,
        }
      : 'again'
  return { is: 'retry', reason: reasonOf(closed, config), away: true }
}

function reasonOf({ code, message: text }: ChannelClosed, { exchange, vhost }: Named): string {
  if (code === notFound)
    return `no exchange ${exchange} in vhost ${vhost} of RabbitMQ; create it, correct \`exchange\`, or set \`declare\``
  if (code === accessRefused)
    return `RabbitMQ denies publishing to ${exchange} (${text}); grant the user write permission`
  return `RabbitMQ: ${text}`
}

export function tooLarge(maxBytes: number): Attempt {
  return {
    is: 'reject',
    reason: `exceeds the limit of the server (max_message_size, ${maxBytes} bytes)`,
    tooLarge: true,
  }
}

export function unroutable(routingKey: string, { exchange }: Named): Attempt {
  const where =
    exchange === 'amq.default'
      ? `no queue ${routingKey}; create it, or correct \`routing_key\``
      : `no queue of exchange ${exchange} matches routing key ${JSON.stringify(routingKey)}; bind a queue to ` +
        `the exchange, or correct \`routing_key\``
  return { is: 'retry', reason: where }
}

export const nacked = {
  is: 'retry',
  reason:
    'RabbitMQ rejected the message (nack): a queue is full (`overflow: reject-publish`), or too few of its ' +
    'nodes are available',
} as const satisfies Attempt

export function blockedFor(reason: string): string {
  return `RabbitMQ blocks publishers (${reason}); free memory or disk space on its nodes, or consume its queues`
}

export function whyNotConnected(
  error: unknown,
  url: string,
  { vhost, tls, auth, timeout }: Pick<AmqpServer, 'vhost' | 'tls' | 'auth' | 'timeout'>,
): string {
  const text = errorText(error)
  // The library hides the server's message.
  if (/vhost|Expected ConnectionOpenOk/.test(text))
    return `${url}: vhost ${vhost} is not accessible; create it, grant the user access, or correct \`vhost\``
  if (/ACCESS_REFUSED/.test(text)) return `${url} rejected the login (${reply(text)}); correct \`auth\``
  if (/SASL mechanism/.test(text))
    return (
      `${url} does not support the login mechanism (${text}); ` +
      (auth.type === 'external'
        ? 'enable its plugin rabbitmq_auth_mechanism_ssl and `auth_mechanisms.1 = EXTERNAL`, over TLS'
        : 'enable PLAIN')
    )
  if (/ETIMEDOUT/.test(text)) return `${url} did not respond within ${timeout} ms`
  const hint =
    (tls?.cert_file ?? null) === null
      ? 'it may require a client certificate: set `tls.cert_file` and `tls.key_file`'
      : 'it may not trust the client certificate: see `tls.cert_file`'
  if (/^TLS: .*alert/.test(text)) return `${url} rejected the connection (${text}); ${hint}`
  if (/^TLS: (?:wrong version number|packet length too long)/.test(text))
    return `${url} does not support TLS (${text}); use amqp:// without \`tls\`, or correct the port`
  if (/Socket closed abruptly|ECONNRESET/.test(text))
    return (
      `${url} closed the connection at once; ` +
      (tls !== null || url.startsWith('amqps:')
        ? hint
        : 'check that it is RabbitMQ, and whether it requires TLS (amqps://, port 5671)')
    )
  return `${url} can't be reached (${text})`
}

function reply(text: string) {
  return /((?:ACCESS_REFUSED|NOT_ALLOWED) - [^"\n]*?)\.?(?: For details.*)?["\n]/s.exec(`${text}\n`)?.[1] ?? text
}

export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Node's AggregateError has no message.
  if (error instanceof AggregateError) return error.errors.map(errorText).join(', ')
  const tls = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message)?.[1]
  if (tls !== undefined) return `TLS: ${tls}`
  return error.message === '' ? error.name : error.message
}
