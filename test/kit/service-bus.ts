// A stand-in for an Azure Service Bus namespace: real AMQP 1.0 (rhea) with login (`$cbs`), locks of messages and
// sessions (`$management`), and batches. Not implemented: quotas, throttling, dead letters, filters.
import type { AddressInfo, Server, Socket } from 'node:net'
import { once } from 'node:events'
import rhea, { type Connection, type EventContext, type Message, type Receiver, type Sender } from 'rhea'
import type { Entra } from './entra.ts'
import { Entity, type EntityOptions, type Stored } from './service-bus-entity.ts'
import { refusalOf } from './service-bus-token.ts'

const { message: codec, types } = rhea
/** Format of a message that contains others, one per data section. */
const batchFormat = 0x80013700
const sessionFilter = 'com.microsoft:session-filter'

export interface ServiceBus {
  readonly port: number
  readonly keyName: string
  /** Shared access keys by name. */
  readonly keys: Map<string, string>
  /** Also accepts tokens of this issuer (type `jwt`). */
  entra: Pick<Entra, 'refusalOf'> | undefined
  /** Without TLS unless the server has it. */
  connectionString(port?: number, key?: string): string
  queue(name: string, options?: EntityOptions): Entity
  /** The topic is created with its first subscription. */
  subscription(topic: string, name: string, options?: EntityOptions): Entity
  drop(name: string): void
  restore(name: string): void
  /** Expires the token of every connection. */
  expire(): void
  readonly logins: { readonly accepted: number; readonly refused: number }
  restart(): Promise<void>
  stop(): Promise<void>
}

interface Topic {
  readonly largest: number
  readonly subscriptions: Entity[]
}

interface ServiceBusTls {
  readonly cert: string
  readonly key: string
}

class StandIn implements ServiceBus {
  readonly keyName = 'weir'
  readonly keys = new Map([['weir', 'c2VjcmV0IG9mIHRlc3Rz']])
  readonly logins = { accepted: 0, refused: 0 }
  entra: Pick<Entra, 'refusalOf'> | undefined
  port = 0
  readonly #places = new Map<string, Entity | Topic>()
  readonly #dropped = new Map<string, Entity | Topic>()
  readonly #sockets = new Set<Socket>()
  readonly #links = new Map<Connection, Set<Sender | Receiver>>()
  readonly #audiences = new WeakMap<Connection, Set<string>>()
  readonly #ends = new Map<Connection, (() => void)[]>()
  readonly #tls: ServiceBusTls | undefined
  #server: Server | undefined

  constructor(tls?: ServiceBusTls) {
    this.#tls = tls
  }

  connectionString(port = this.port, key = this.keys.get(this.keyName) ?? ''): string {
    return `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=${this.keyName};SharedAccessKey=${key};${this.#tls === undefined ? 'UseDevelopmentEmulator=true;' : ''}`
  }

  queue(name: string, options?: EntityOptions): Entity {
    const made = new Entity(name, options)
    this.#places.set(name.toLowerCase(), made)
    return made
  }

  subscription(topic: string, name: string, options?: EntityOptions): Entity {
    const made = this.queue(`${topic}/Subscriptions/${name}`, options)
    const known = this.#places.get(topic.toLowerCase())
    if (known !== undefined && 'subscriptions' in known) known.subscriptions.push(made)
    else this.#places.set(topic.toLowerCase(), { largest: made.largest, subscriptions: [made] })
    return made
  }

  drop(name: string): void {
    const found = this.#places.get(name.toLowerCase())
    if (found !== undefined) this.#dropped.set(name.toLowerCase(), found)
    this.#places.delete(name.toLowerCase())
    for (const link of this.#allLinks())
      if (addressOf(link)?.toLowerCase() === name.toLowerCase())
        link.close({ condition: 'amqp:not-found', description: `The messaging entity '${name}' could not be found.` })
  }

  restore(name: string): void {
    const found = this.#dropped.get(name.toLowerCase())
    if (found !== undefined) this.#places.set(name.toLowerCase(), found)
  }

  expire(): void {
    for (const connection of this.#links.keys()) this.#audiences.delete(connection)
    for (const link of this.#allLinks())
      if (!(addressOf(link) ?? '').includes('$cbs'))
        link.close({ condition: 'amqp:unauthorized-access', description: 'The token is expired.' })
  }

  async listen(port: number): Promise<void> {
    const container = rhea.create_container({ id: 'stand-in', autoaccept: false })
    container.sasl_server_mechanisms['enable_anonymous']()
    container.on('connection_open', ({ connection }: EventContext) => this.#links.set(connection, new Set()))
    for (const ended of ['connection_close', 'disconnected'])
      container.on(ended, ({ connection }: EventContext) => {
        this.#ended(connection)
      })
    for (const harmless of [
      'connection_error',
      'session_error',
      'sender_error',
      'receiver_error',
      'protocol_error',
      'error',
    ])
      container.on(harmless, () => undefined)
    container.on('receiver_open', ({ receiver, connection }: EventContext) => {
      if (receiver !== undefined) this.#takeFrom(receiver, connection)
    })
    container.on('sender_open', ({ sender, connection }: EventContext) => {
      if (sender !== undefined) this.#giveTo(sender, connection)
    })
    this.#server = container.listen({
      port,
      host: '127.0.0.1',
      ...(this.#tls === undefined ? {} : { transport: 'tls', ...this.#tls }),
      receiver_options: { autoaccept: false, credit_window: 1000 },
      sender_options: { autosettle: false, treat_modified_as_released: false },
      idle_time_out: 60_000,
    } as Parameters<typeof container.listen>[0])
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.listen(this.port)
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    const closed = new Promise((resolve) => server.close(resolve))
    // Without an error, rhea's links would continue to receive.
    for (const socket of this.#sockets) socket.destroy(new Error('the namespace is away'))
    await closed
  }

  /** A sending client, of `$cbs`, `$management` or an entity. */
  #takeFrom(receiver: Receiver, connection: Connection): void {
    const address = receiver.target.address ?? ''
    receiver.set_target({ address })
    if (address === '$cbs')
      receiver.on('message', (context: EventContext) => {
        this.#login(context, connection)
      })
    else if (address.endsWith('/$management'))
      receiver.on('message', (context: EventContext) => {
        this.#manage(context, connection, address.slice(0, -'/$management'.length))
      })
    else {
      const place = this.#open(receiver, connection, address)
      if (place === undefined) return
      ;(receiver as unknown as { local: { attach: { max_message_size: number } } }).local.attach.max_message_size =
        place.largest
      receiver.on('message', (context: EventContext) => {
        this.#store(context, address, receiver)
      })
    }
  }

  #login({ message, delivery }: EventContext, connection: Connection): void {
    delivery?.accept()
    const { name = '', type } = (message?.application_properties ?? {}) as { name?: string; type?: string }
    const refusal =
      type === 'jwt'
        ? this.entra === undefined
          ? 'MalformedToken: No token of this kind is taken.'
          : this.entra.refusalOf(String(message?.body), 'https://servicebus.azure.net')
        : refusalOf(String(message?.body), name, this.keys)
    if (refusal === undefined) {
      this.logins.accepted++
      this.#audiences.set(connection, (this.#audiences.get(connection) ?? new Set()).add(name.toLowerCase()))
    } else this.logins.refused++
    this.#answer(connection, '$cbs', message, refusal === undefined ? 202 : 401, refusal ?? 'Accepted')
  }

  #store({ message, delivery, format }: EventContext & { format?: number }, address: string, receiver: Receiver): void {
    const place = this.#places.get(address.toLowerCase())
    // Frames after the end of a link are lost.
    if (place === undefined || delivery === undefined || message === undefined || !receiver.is_open()) return
    const raw: unknown = message
    const parts = format === batchFormat && Buffer.isBuffer(raw) ? sectionsOf(decoded(raw)).map(decoded) : [message]
    const bytes = Buffer.isBuffer(raw) ? raw.length : codec.encode(message).length
    if (bytes > place.largest) {
      receiver.close({
        condition: 'amqp:link:message-size-exceeded',
        description:
          `The received message (size:${bytes} bytes) exceeds the limit (${place.largest} bytes) ` +
          'currently allowed on the link.',
      })
      return
    }
    const targets = 'subscriptions' in place ? place.subscriptions : [place]
    if (targets.some(({ sessions }) => sessions) && parts.some((part) => part['group_id'] === undefined)) {
      delivery.reject({
        condition: 'amqp:not-allowed',
        description: 'The SessionId was not set on a message, and it cannot be sent to the entity.',
      })
      return
    }
    for (const part of parts) for (const target of targets) target.put(part)
    delivery.accept()
  }

  /** A receiving client, of `$cbs`, `$management` or an entity. */
  #giveTo(sender: Sender, connection: Connection): void {
    const address = sender.source.address ?? ''
    sender.set_source({ address } as Parameters<Sender['set_source']>[0])
    if (address === '$cbs' || address.endsWith('/$management')) {
      this.#links.get(connection)?.add(sender)
      sender.set_target({ address: sender.target?.address ?? '' })
      return
    }
    const entity = this.#open(sender, connection, address)
    if (!(entity instanceof Entity)) return
    const wants = sessionFilter in (sender.source.filter ?? {})
    if (entity.sessions !== wants)
      sender.close({
        condition: 'amqp:not-allowed',
        description: entity.sessions
          ? 'It is not possible for an entity that requires sessions to create a non-sessionful message receiver.'
          : 'A sessionful message receiver cannot be created on an entity that does not require sessions.',
      })
    else if (wants) this.#giveSession(sender, entity)
    else this.#give(sender, entity)
  }

  /** Responds to an attach when a session is available. */
  #giveSession(sender: Sender, entity: Entity): void {
    const filter = (sender.source.filter ?? {}) as Readonly<Record<string, unknown>>
    const wanted = typeof filter[sessionFilter] === 'string' ? filter[sessionFilter] : undefined
    const state = (sender as unknown as { state: { local_open: boolean; open_requests: number } }).state
    ;[state.local_open, state.open_requests] = [false, 0]
    const waitMs = Number(
      (sender.properties as Readonly<Record<string, unknown>> | undefined)?.['com.microsoft:timeout'] ?? 60_000,
    )
    const look = (): void => {
      const id = entity.accept(sender, wanted)
      if (id === undefined) return
      settle()
      sender.set_source({ address: entity.name, filter: { [sessionFilter]: id } } as unknown as Parameters<
        Sender['set_source']
      >[0])
      ;(sender as unknown as { local: { attach: { properties: object } } }).local.attach.properties = {
        'com.microsoft:locked-until-utc': types.wrap_long(ticks(Date.now() + entity.lockMs) as unknown as number),
      }
      sender.open()
      this.#give(sender, entity, id)
    }
    const timer = setTimeout(
      () => {
        settle()
        sender.set_source({ address: entity.name } as Parameters<Sender['set_source']>[0])
        sender.open()
        sender.close({
          condition: wanted === undefined ? 'com.microsoft:timeout' : 'com.microsoft:session-cannot-be-locked',
          description: 'There was no session to be had in time.',
        })
      },
      Math.min(waitMs, wanted === undefined ? Infinity : 100),
    )
    const settle = (): void => {
      clearTimeout(timer)
      entity.watchers.delete(look)
    }
    entity.watchers.add(look)
    this.#whenEnded(sender.connection, settle)
    look()
  }

  #give(sender: Sender, entity: Entity, session?: string): void {
    const under = new Map<string, string>()
    const pump = (): void => {
      if (!sender.is_open()) return
      while (sender.sendable()) {
        const stored = entity.next(sender, session)
        if (stored?.lock === undefined) break
        const tag = swapped(stored.lock.token)
        under.set(tag.toString('hex'), stored.lock.token)
        sender.send(annotated(stored), tag)
      }
    }
    const again = setInterval(pump, 200)
    const end = (): void => {
      clearInterval(again)
      entity.watchers.delete(pump)
      if (session !== undefined) entity.leave(sender, session)
    }
    entity.watchers.add(pump)
    sender.on('sendable', pump)
    sender.on('sender_draining', () => {
      pump()
      sender.set_drained(true)
    })
    const settled =
      (how: (token: string) => boolean) =>
      ({ delivery }: EventContext): void => {
        const token = under.get(Buffer.from(delivery?.tag as Buffer).toString('hex')) ?? ''
        const done = how(token)
        // The client closes silently when this side does.
        const typed = delivery as unknown as {
          update(settled: boolean, state: unknown): void
          remote_settled: boolean
          remote_state: unknown
        }
        typed.update(
          true,
          done ? (codec as unknown as { accepted(): { described(): unknown } }).accepted().described() : lost(),
        )
        typed.remote_settled = true
      }
    sender.on(
      'accepted',
      settled((token) => entity.complete(token)),
    )
    sender.on(
      'released',
      settled((token) => entity.release(token)),
    )
    sender.on(
      'modified',
      settled((token) => entity.release(token)),
    )
    sender.on(
      'rejected',
      settled((token) => entity.complete(token)),
    )
    sender.on('sender_close', end)
    this.#whenEnded(sender.connection, end)
  }

  #manage({ message, delivery }: EventContext, connection: Connection, name: string): void {
    delivery?.accept()
    const entity = this.#places.get(name.toLowerCase())
    const { operation = '' } = (message?.application_properties ?? {}) as { operation?: string }
    const body = (message?.body ?? {}) as Readonly<Record<string, unknown>>
    const address = `${name}/$management`
    if (!(entity instanceof Entity)) return this.#answer(connection, address, message, 404, 'There is no such entity.')
    const tokens = (Array.isArray(body['lock-tokens']) ? body['lock-tokens'] : []).map((token) =>
      rhea.uuid_to_string(token as Buffer),
    )
    if (operation === 'com.microsoft:renew-lock') {
      const until = tokens.map((token) => entity.renew(token))
      if (until.includes(undefined))
        return this.#answer(
          connection,
          address,
          message,
          410,
          'The lock is lost.',
          undefined,
          'com.microsoft:message-lock-lost',
        )
      return this.#answer(connection, address, message, 200, 'OK', {
        expirations: types.wrap_array(until as number[], 0x83, undefined),
      })
    }
    if (operation === 'com.microsoft:peek-message') {
      const found = entity.left
        .filter(({ sequence }) => sequence >= Number(body['from-sequence-number']))
        .slice(0, Number(body['message-count']))
      if (found.length === 0)
        return this.#answer(
          connection,
          address,
          message,
          204,
          'There is nothing.',
          undefined,
          'com.microsoft:message-not-found',
        )
      return this.#answer(connection, address, message, 200, 'OK', {
        messages: found.map((one) => ({ message: codec.encode(annotated(one)) })),
      })
    }
    if (operation === 'com.microsoft:update-disposition') {
      const done = tokens.map((token) =>
        body['disposition-status'] === 'completed' ? entity.complete(token) : entity.release(token),
      )
      return done.includes(false)
        ? this.#answer(
            connection,
            address,
            message,
            410,
            'The lock is lost.',
            undefined,
            'com.microsoft:message-lock-lost',
          )
        : this.#answer(connection, address, message, 200, 'OK')
    }
    const until =
      operation === 'com.microsoft:renew-session-lock' ? entity.renewSession(String(body['session-id'])) : undefined
    if (until === undefined)
      return this.#answer(
        connection,
        address,
        message,
        410,
        'The lock of the session is lost.',
        undefined,
        'com.microsoft:session-lock-lost',
      )
    this.#answer(connection, address, message, 200, 'OK', { expiration: types.wrap_timestamp(until) })
  }

  #answer(
    connection: Connection,
    address: string,
    request: Message | undefined,
    status: number,
    description: string,
    body?: unknown,
    condition?: string,
  ): void {
    const link = [...(this.#links.get(connection) ?? [])].find(
      (one): one is Sender => one.is_sender() && one.is_open() && one.source?.address === address,
    )
    const properties =
      address === '$cbs'
        ? { 'status-code': status, 'status-description': description }
        : {
            statusCode: status,
            statusDescription: description,
            ...(condition === undefined ? {} : { errorCondition: condition }),
          }
    link?.send({ correlation_id: request?.message_id ?? '', application_properties: properties, body })
  }

  /** The entity at that address; otherwise the link is closed with the reason. */
  #open(link: Sender | Receiver, connection: Connection, address: string): Entity | Topic | undefined {
    this.#links.get(connection)?.add(link)
    const allowed = [...(this.#audiences.get(connection) ?? [])].some((audience) =>
      `${audience}/`.includes(`/${address.toLowerCase()}/`),
    )
    const place = this.#places.get(address.toLowerCase())
    if (!allowed)
      link.close({
        condition: 'amqp:unauthorized-access',
        description: `Unauthorized access. 'Send' or 'Listen' claims are required for '${address}'.`,
      })
    else if (place === undefined)
      link.close({ condition: 'amqp:not-found', description: `The messaging entity '${address}' could not be found.` })
    return allowed ? place : undefined
  }

  #whenEnded(connection: Connection, act: () => void): void {
    const acts = this.#ends.get(connection)
    if (acts === undefined) this.#ends.set(connection, [act])
    else acts.push(act)
  }

  #ended(connection: Connection): void {
    this.#links.delete(connection)
    for (const act of this.#ends.get(connection) ?? []) act()
    this.#ends.delete(connection)
  }

  #allLinks(): (Sender | Receiver)[] {
    return [...this.#links.values()].flatMap((links) => [...links]).filter((link) => link.is_open())
  }
}

export async function startServiceBus(tls?: ServiceBusTls): Promise<ServiceBus> {
  const standIn = new StandIn(tls)
  await standIn.listen(0)
  return standIn
}

function addressOf(link: Sender | Receiver): string | undefined {
  return link.is_sender() ? link.source?.address : link.target?.address
}

function decoded(bytes: Buffer): Message {
  return codec.decode(bytes) as unknown as Message
}

function sectionsOf({ body }: Message): Buffer[] {
  const { content } = body as { content: Buffer | Buffer[] }
  return Array.isArray(content) ? content : [content]
}

function annotated({ message, sequence, enqueued, lock, deliveries }: Stored): Message {
  const annotations = {
    ...(message['message_annotations'] as object | undefined),
    'x-opt-sequence-number': types.wrap_long(sequence),
    'x-opt-enqueued-time': types.wrap_timestamp(enqueued),
    'x-opt-locked-until': types.wrap_timestamp(lock?.until ?? 0),
  }
  return { ...message, message_annotations: annotations, delivery_count: Math.max(0, deliveries - 1) } as Message
}

/** A lock token as .NET writes it into a delivery tag. */
function swapped(token: string): Buffer {
  const b = Buffer.from(token.replaceAll('-', ''), 'hex')
  return Buffer.concat([
    b.subarray(0, 4).reverse(),
    b.subarray(4, 6).reverse(),
    b.subarray(6, 8).reverse(),
    b.subarray(8),
  ])
}

/** 100 ns since the year 1. */
function ticks(unixMs: number): Buffer {
  const long = Buffer.alloc(8)
  long.writeBigInt64BE(BigInt(unixMs) * 10_000n + 621_355_968_000_000_000n)
  return long
}

function lost(): unknown {
  return (codec as unknown as { rejected(fields: object): { described(): unknown } })
    .rejected({ error: { condition: 'com.microsoft:message-lock-lost', description: 'The lock is lost.' } })
    .described()
}
