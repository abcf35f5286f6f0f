import type { ChannelModel, Channel, SocketOptions } from 'amqplib'
import type { Context } from '../../engine/contracts.ts'
import { revealSecret } from '../../net/secrets.ts'
import { readTls } from '../../net/tls.ts'
import { errorText, whyNotConnected } from './errors.ts'
import { paceReads, stopAfterRead } from './paced-reads.ts'
import type { AmqpServer, AmqpTarget } from './settings.ts'

export type OpenConnection = Readonly<{
  connection: ChannelModel
  url: string
  /** Destroys the socket: the library's close waits for a response. */
  destroy: () => void
}>

/**
 * Connects to the first available node with current secrets and certificates. Rejects with the action to take.
 * `pauseMs`: the wait between small reads, without TLS.
 */
export async function connectToAny(
  config: AmqpServer,
  { id, host }: Pick<Context, 'id' | 'host'>,
  pauseMs?: () => number,
): Promise<OpenConnection> {
  const { connect, credentials } = await import('amqplib')
  const { url: first, fallback_urls: more, vhost, auth, timeout, heartbeat } = config
  const files = await readTls(config.tls, host.disk)
  const login =
    auth.type === 'external'
      ? credentials.external()
      : auth.type === 'user'
        ? credentials.plain(auth.user, revealSecret(auth.password))
        : credentials.plain('guest', 'guest')
  const problems: string[] = []
  for (const url of [first, ...more]) {
    const { protocol, hostname, port } = new URL(url)
    const secure = protocol === 'amqps:' || files !== undefined
    const paced = secure ? undefined : pauseMs
    const socket = new AbortController()
    const options: SocketOptions & { signal: AbortSignal } = {
      ...files,
      ...(paced === undefined ? {} : stopAfterRead),
      timeout,
      noDelay: true,
      keepAlive: true,
      credentials: login,
      signal: socket.signal,
      clientProperties: { product: 'Weir', connection_name: `weir ${id}` },
    }
    try {
      const connection = await connect(
        {
          protocol: secure ? 'amqps' : 'amqp',
          hostname: hostname.replaceAll(/[[\]]/g, ''),
          ...(port === '' ? {} : { port: Number(port) }),
          vhost: encodeURIComponent(vhost),
          heartbeat: Math.round(heartbeat / 1000),
        },
        options,
      )
      const destroy = () => {
        socket.abort()
      }
      connection.on('close', destroy)
      const opened: object = connection.connection
      if (paced !== undefined && 'stream' in opened) paceReads(opened.stream, host.timers, paced)
      return { connection, url, destroy }
    } catch (error) {
      socket.abort()
      problems.push(whyNotConnected(error, url, config))
    }
  }
  throw new Error(problems.join('; '))
}

export async function closeConnection(
  { connection, destroy }: OpenConnection,
  { host }: Pick<Context, 'host'>,
  timeout: number,
): Promise<void> {
  const timer = host.timers.after(timeout, destroy)
  try {
    await connection.close()
  } catch {
    // It was closed already.
  } finally {
    timer.cancel()
  }
}

export async function exists(connection: ChannelModel, ask: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  const channel = await connection.createChannel()
  channel.on('error', () => {
    // The error also arrives as a rejection.
  })
  try {
    await ask(channel)
    await channel.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 404) return false
    throw error
  }
}

export async function ensureDeclared(
  connection: ChannelModel,
  { exchange, declare }: Pick<AmqpTarget, 'exchange' | 'declare'>,
): Promise<void> {
  if (declare === null) return
  try {
    await declareMissing(connection, exchange, declare)
  } catch (error) {
    throw new Error(`\`declare\` failed: ${errorText(error)}`, { cause: error })
  }
}

async function declareMissing(
  connection: ChannelModel,
  exchange: string,
  { type, queue, queue_type: queueType, binding }: NonNullable<AmqpTarget['declare']>,
) {
  const make = async (
    present: (channel: Channel) => Promise<unknown>,
    declared: (channel: Channel) => Promise<unknown>,
  ) => {
    if (!(await exists(connection, present))) await exists(connection, declared)
  }
  if (exchange !== 'amq.default')
    await make(
      (channel) => channel.checkExchange(exchange),
      (channel) => channel.assertExchange(exchange, type, { durable: true }),
    )
  if (queue === null) return
  await make(
    (channel) => channel.checkQueue(queue),
    (channel) =>
      channel.assertQueue(queue, {
        durable: true,
        ...(queueType === null ? {} : { arguments: { 'x-queue-type': queueType } }),
      }),
  )
  if (exchange !== 'amq.default') await exists(connection, (channel) => channel.bindQueue(queue, exchange, binding))
}
