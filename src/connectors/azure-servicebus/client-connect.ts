import type { ServiceBusClient, ServiceBusSender } from '@azure/service-bus'
import type { Context } from '../../engine/contracts.ts'
import { EntraTokens, type EntraToken } from '../../net/entra.ts'
import { revealSecret } from '../../net/secrets.ts'
import { WrongSettings } from './client-errors.ts'
import type { ServiceBusServer } from './config.ts'

/** A client that has not connected yet; its library is loaded with the first. Throws for a connection string that is none, without saying what it holds. */
export async function makeClient(
  { connection_string: secret, namespace, auth, timeout }: ServiceBusServer,
  { id, host }: Pick<Context, 'id' | 'host'>,
): Promise<ServiceBusClient> {
  const library = await import('@azure/service-bus')
  // Its own retries are off: they belong to whoever calls, who knows for how long.
  const options = {
    identifier: `weir-${id}`,
    retryOptions: { maxRetries: 0, retryDelayInMs: 500, timeoutInMs: timeout },
  }
  if (auth.type !== 'connection_string') {
    const tokens = new EntraTokens(auth, { resource, timeout, host })
    // One that can't be had is told now: the library would make something else of it.
    await tokens.getToken()
    return new library.ServiceBusClient(
      namespace ?? '',
      { getToken: async () => longEnough(await tokens.getToken(), host.clock.now()) },
      options,
    )
  }
  const written = secret === null ? '' : revealSecret(secret).trim()
  try {
    return new library.ServiceBusClient(written, options)
  } catch (error) {
    throw new WrongSettings(
      '`connection_string` is none of Service Bus: it is to be Endpoint=sb://NAMESPACE.servicebus.windows.net/;SharedAccessKeyName=NAME;SharedAccessKey=KEY',
      { cause: error },
    )
  }
}

const resource = 'https://servicebus.azure.net'
/** The library asks for the next token two minutes before the end of one, and without a pause when that is past. */
const leastMs = 150_000

function longEnough({ token, expiresOnTimestamp: until }: EntraToken, now: number): EntraToken {
  return { token, expiresOnTimestamp: Math.max(until, now + leastMs) }
}

/** Closes a client that nobody needs any more, politely for as long as `ms`: the library waits a minute for the other side, which may be away. Never rejects. */
export async function hangUp(client: ServiceBusClient, { timers }: Context['host'], ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = timers.after(ms, resolve)
  await Promise.race([promise, client.close().catch(() => undefined)])
  timer.cancel()
  // The socket is only to be had inside, and only an error of it ends the library's timers, too; without one there, they end in their time.
  const { _connectionContext: inner } = client as unknown as Inside
  inner?.connection?._connection?.socket?.destroy?.(new Error('given up'))
}

interface Inside {
  readonly _connectionContext?: {
    readonly connection?: { readonly _connection?: { readonly socket?: { destroy?(reason: Error): void } } }
  }
}

const lookMs = 200

/**
 * As `sent`, but rejects soon after the link was lost: the library would let what is under way wait for its whole timeout. Whether a link
 * is open it only says inside; what has no such inside is waited for as the library does.
 */
export async function whileOpen(
  sender: ServiceBusSender,
  sent: Promise<void>,
  { timers }: Context['host'],
): Promise<void> {
  const { _sender: inner } = sender as unknown as { readonly _sender?: { isOpen?(): boolean } }
  const { promise: lost, reject } = Promise.withResolvers<never>()
  const isOpen = (): boolean => inner?.isOpen?.() ?? true
  let wasOpen = isOpen()
  const looking = timers.every(lookMs, () => {
    const open = isOpen()
    if (wasOpen && !open) reject(new Error('the connection was closed by the other side'))
    wasOpen ||= open
  })
  try {
    await Promise.race([sent, lost])
  } finally {
    looking.cancel()
    sent.catch(() => undefined)
    lost.catch(() => undefined)
  }
}
