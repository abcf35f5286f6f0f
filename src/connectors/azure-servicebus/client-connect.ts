import type { ServiceBusClient, ServiceBusSender } from '@azure/service-bus'
import type { Context } from '../../engine/contracts.ts'
import { EntraTokens, type EntraToken } from '../../net/entra.ts'
import { revealSecret } from '../../net/secrets.ts'
import { WrongSettings } from './client-errors.ts'
import type { ServiceBusServer } from './config.ts'

/** An unconnected client. Throws for an invalid connection string without quoting it. */
export async function makeClient(
  { connection_string: secret, namespace, auth, timeout }: ServiceBusServer,
  { id, host }: Pick<Context, 'id' | 'host'>,
): Promise<ServiceBusClient> {
  const library = await import('@azure/service-bus')
  const options = {
    identifier: `weir-${id}`,
    retryOptions: { maxRetries: 0, retryDelayInMs: 500, timeoutInMs: timeout },
  }
  if (auth.type !== 'connection_string') {
    const tokens = new EntraTokens(auth, { resource, timeout, host })
    // Fails early: the library would report another error.
    await tokens.getToken()
    return new library.ServiceBusClient(
      namespace ?? '',
      { getToken: async () => withMinLifetime(await tokens.getToken(), host.clock.now()) },
      options,
    )
  }
  const written = secret === null ? '' : revealSecret(secret).trim()
  try {
    return new library.ServiceBusClient(written, options)
  } catch (error) {
    throw new WrongSettings(
      'invalid `connection_string` for Service Bus; expected ' +
        'Endpoint=sb://NAMESPACE.servicebus.windows.net/;SharedAccessKeyName=NAME;SharedAccessKey=KEY',
      { cause: error },
    )
  }
}

const resource = 'https://servicebus.azure.net'
const minTokenMs = 150_000

function withMinLifetime({ token, expiresOnTimestamp: until }: EntraToken, now: number): EntraToken {
  return { token, expiresOnTimestamp: Math.max(until, now + minTokenMs) }
}

/** Never rejects. Bounded by `ms`, because the library waits a minute for an unreachable server. */
export async function closeClient(client: ServiceBusClient, { timers }: Context['host'], ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = timers.after(ms, resolve)
  await Promise.race([promise, client.close().catch(() => undefined)])
  timer.cancel()
  // Only a socket error ends the library's timers early.
  const { _connectionContext: inner } = client as unknown as Inside
  inner?.connection?._connection?.socket?.destroy?.(new Error('given up'))
}

interface Inside {
  readonly _connectionContext?: {
    readonly connection?: { readonly _connection?: { readonly socket?: { destroy?(reason: Error): void } } }
  }
}

const checkMs = 200

/** Rejects after a lost connection: the library would wait for its timeout. Uses library internals if present. */
export async function whileOpen(
  sender: ServiceBusSender,
  sent: Promise<void>,
  { timers }: Context['host'],
): Promise<void> {
  const { _sender: inner } = sender as unknown as { readonly _sender?: { isOpen?(): boolean } }
  const { promise: lost, reject } = Promise.withResolvers<never>()
  const isOpen = () => inner?.isOpen?.() ?? true
  let wasOpen = isOpen()
  const checking = timers.every(checkMs, () => {
    const open = isOpen()
    if (wasOpen && !open) reject(new Error('the server closed the connection'))
    wasOpen ||= open
  })
  try {
    await Promise.race([sent, lost])
  } finally {
    checking.cancel()
    sent.catch(() => undefined)
    lost.catch(() => undefined)
  }
}
