import type { ServiceBusClient } from '@azure/service-bus'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import { withTimeout } from '../../host/with-timeout.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { closeClient, makeClient } from './client-connect.ts'
import { unavailableReason } from './client-errors.ts'
import { Inbox, type Handle } from './client-inbox.ts'
import { Sessions } from './client-sessions.ts'
import type { ServiceBusSourceConfig } from './config.ts'
import { fromMessage } from './map-read.ts'

type Live = Readonly<{
  client: ServiceBusClient
  inbox: Inbox
  sessions: Sessions | undefined
  end(): Promise<void>
}>

/** Interval of lock checks, and remaining time below which a lock is renewed. Locks last at least 5 s. */
const [keepMs, renewMs] = [2000, 15_000]
const renewAtOnce = 64
const closeMs = 2000

export class ServiceBusPuller implements Puller<Handle> {
  readonly address: string
  readonly keepMs = keepMs
  readonly #config: ServiceBusSourceConfig
  readonly #context: SourceContext
  readonly #path: string
  #live: Live | undefined

  constructor(config: ServiceBusSourceConfig, context: SourceContext) {
    const { entity, subscription } = config
    this.#config = config
    this.#context = context
    this.#path = subscription === null ? entity : `${entity}/${subscription}`
    this.address = subscription === null ? `azuresb://${entity}` : `azuresb://${entity}?subscription=${subscription}`
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<Handle>[]> {
    try {
      const { inbox } = (this.#live ??= await this.#connect())
      return (await inbox.next(signal)).map((handle) => ({ handle, message: fromMessage(handle.message, this.#path) }))
    } catch (error) {
      await this.close()
      throw new Error(unavailableReason(error, this.#path, 'Listen'), { cause: error })
    }
  }

  ack(handles: readonly Handle[]): Promise<void> {
    return this.#settle(handles, ({ receiver, message }) => receiver.completeMessage(message))
  }

  release(handles: readonly Handle[]): Promise<void> {
    return this.#settle(handles, ({ receiver, message }) => receiver.abandonMessage(message))
  }

  async keep(handles: readonly Handle[]): Promise<void> {
    if (this.#config.sessions) return
    const before = this.#context.host.clock.now() + renewMs
    const due = handles.filter(
      ({ message: { lockedUntilUtc: until } }) => until !== undefined && until.getTime() < before,
    )
    for (let from = 0; from < due.length; from += renewAtOnce)
      await allSettledOrThrow(
        due.slice(from, from + renewAtOnce).map(({ receiver, message }) => receiver.renewMessageLock(message)),
      )
  }

  async close(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    if (live === undefined) return
    const { timers } = this.#context.host
    await withTimeout(live.end(), { timers, ms: closeMs, late: 'late' }).catch(() => undefined)
    await closeClient(live.client, this.#context.host, Math.min(closeMs, this.#config.timeout))
  }

  async #settle(handles: readonly Handle[], method: (handle: Handle) => Promise<void>) {
    const { timeout } = this.#config
    const { timers } = this.#context.host
    try {
      await allSettledOrThrow(
        handles.map((handle) =>
          withTimeout(method(handle), {
            timers,
            ms: timeout,
            late: `Service Bus did not settle a message within ${timeout} ms`,
          }),
        ),
      )
    } finally {
      this.#live?.sessions?.settled(handles)
    }
  }

  async #connect(): Promise<Live> {
    const client = await makeClient(this.#config, this.#context)
    const { sessions, entity } = this.#config
    this.#context.log.info('Connected to Service Bus.', {
      source: this.#context.id,
      namespace: client.fullyQualifiedNamespace,
      path: this.#path,
      entity,
    })
    return sessions ? this.#openSessions(client) : this.#openLink(client)
  }

  #openLink(client: ServiceBusClient): Live {
    const { entity, subscription, prefetch } = this.#config
    const inbox = new Inbox()
    const options = { ...unparsed, maxAutoLockRenewalDurationInMs: 0 }
    const receiver =
      subscription === null
        ? client.createReceiver(entity, options)
        : client.createReceiver(entity, subscription, options)
    const subscribed = receiver.subscribe(
      {
        processMessage: (message) => inbox.put({ message, receiver }),
        processError({ error }) {
          inbox.fail(error)
          return Promise.resolve()
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls: prefetch },
    )
    return {
      client,
      inbox,
      sessions: undefined,
      async end() {
        await subscribed.close()
        await allSettledOrThrow(inbox.rest().map(({ message }) => receiver.abandonMessage(message)))
      },
    }
  }

  #openSessions(client: ServiceBusClient): Live {
    const { entity, subscription } = this.#config
    const inbox = new Inbox()
    const sessions = new Sessions(
      this.#config,
      this.#context.host,
      (more) => {
        const options = { ...unparsed, ...more }
        return subscription === null
          ? client.acceptNextSession(entity, options)
          : client.acceptNextSession(entity, subscription, options)
      },
      inbox,
    )
    sessions.begin()
    return { client, inbox, sessions, end: () => sessions.end() }
  }
}

const unparsed = { skipParsingBodyAsJson: true, skipConvertingDate: true }

async function allSettledOrThrow(all: readonly Promise<unknown>[]) {
  for (const promiseSettledResult of await Promise.allSettled(all))
    if (promiseSettledResult.status === 'rejected') throw promiseSettledResult.reason
}
