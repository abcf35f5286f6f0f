import type { ServiceBusClient, ServiceBusSessionReceiver } from '@azure/service-bus'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import { withTimeout } from '../../host/with-timeout.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { hangUp, makeClient } from './client-connect.ts'
import { why } from './client-errors.ts'
import { Inbox, type Handle } from './client-inbox.ts'
import { Sessions } from './client-sessions.ts'
import type { ServiceBusSourceConfig } from './config.ts'
import { fromMessage } from './map-read.ts'

interface Live {
  readonly client: ServiceBusClient
  readonly inbox: Inbox
  /** Where there are sessions. */
  readonly sessions: Sessions | undefined
  /** No more messages come, and what came and was not asked for is given back. */
  end(): Promise<void>
}

/** How often locks are looked at, and those that end before long are renewed. Locks last 5 seconds at least. */
const [keepMs, renewMs] = [2000, 15_000]
const renewAtOnce = 64
const closeMs = 2000

/** Reads a queue or subscription; connects when it is first asked, and again after the connection was lost. What is not completed comes again. */
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
      // The connection string is read again for the next.
      await this.close()
      throw new Error(why(error, this.#path, 'Listen'), { cause: error })
    }
  }

  ack(handles: readonly Handle[]): Promise<void> {
    return this.#settle(handles, ({ receiver, message }) => receiver.completeMessage(message))
  }

  release(handles: readonly Handle[]): Promise<void> {
    return this.#settle(handles, ({ receiver, message }) => receiver.abandonMessage(message))
  }

  /** The library renews the lock of a session. That of a message it would renew only where each has an id of its own. */
  async keep(handles: readonly Handle[]): Promise<void> {
    if (this.#config.sessions) return
    const before = this.#context.host.clock.now() + renewMs
    const due = handles.filter(
      ({ message: { lockedUntilUtc: until } }) => until !== undefined && until.getTime() < before,
    )
    // Each is a request of its own, and the link takes only so many.
    for (let from = 0; from < due.length; from += renewAtOnce)
      await allOf(
        due.slice(from, from + renewAtOnce).map(({ receiver, message }) => receiver.renewMessageLock(message)),
      )
  }

  async close(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    if (live === undefined) return
    const { timers } = this.#context.host
    // A connection that is lost has nothing to give back by: locks end by themselves.
    await withTimeout(live.end(), { timers, ms: closeMs, late: 'late' }).catch(() => undefined)
    await hangUp(live.client, this.#context.host, Math.min(closeMs, this.#config.timeout))
  }

  async #settle(handles: readonly Handle[], how: (handle: Handle) => Promise<void>): Promise<void> {
    const { timeout } = this.#config
    const { timers } = this.#context.host
    try {
      await allOf(
        handles.map((handle) =>
          withTimeout(how(handle), {
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
    this.#context.log.info('Reads from Service Bus.', {
      source: this.#context.id,
      namespace: client.fullyQualifiedNamespace,
      path: this.#path,
      entity,
    })
    return sessions ? this.#ofSessions(client) : this.#ofLink(client)
  }

  #ofLink(client: ServiceBusClient): Live {
    const { entity, subscription, prefetch } = this.#config
    const inbox = new Inbox()
    const options = { ...asItIs, maxAutoLockRenewalDurationInMs: 0 }
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
        await allOf(inbox.rest().map(({ message }) => receiver.abandonMessage(message)))
      },
    }
  }

  #ofSessions(client: ServiceBusClient): Live {
    const { entity, subscription } = this.#config
    const inbox = new Inbox()
    const sessions = new Sessions(
      this.#config,
      this.#context.host,
      (more): Promise<ServiceBusSessionReceiver> => {
        const options = { ...asItIs, ...more }
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

/** Bodies and times are not made into something else. */
const asItIs = { skipParsingBodyAsJson: true, skipConvertingDate: true }

/** Waits for all; rejects with the first problem. */
async function allOf(all: readonly Promise<unknown>[]): Promise<void> {
  for (const one of await Promise.allSettled(all)) if (one.status === 'rejected') throw one.reason
}
