import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { SourceFeed } from '../../engine/sources/feed.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { withoutUndefined } from '../../model/json.ts'
import { telemetryTypes } from '../../model/points.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import type { Datagrams } from '../../net/udp.ts'
import { UdpListeners } from '../../net/udp-listeners.ts'
import { SyslogTcp } from './client-tcp.ts'
import type { SyslogConfig, syslogSchema } from './config.ts'
import type { Framed } from './map-framing.ts'
import { syslogLine, type Arrival } from './map.ts'

export const source = defineSource<typeof syslogSchema>('syslog', { build: openSyslog, probe: probeListener })

const housekeepingMs = 5000
const maxBatch = 1000
/** Further ones are counted together. */
const mostUnparsedSenders = 100

type SyslogStatus = Readonly<{
  messages: number
  lost: number
  last: number | undefined
  why?: string
}>

export interface SyslogSource extends Source {
  status(): SyslogStatus
}

export async function openSyslog(config: SyslogConfig, context: SourceContext): Promise<SyslogSource> {
  const source = new Syslog(config, context)
  try {
    await source.open()
  } catch (error) {
    await source.close()
    throw error
  }
  return source
}

class Syslog implements SyslogSource {
  readonly #config: SyslogConfig
  readonly #context: SourceContext
  readonly #tcp: SyslogTcp[] = []
  readonly #stopped = new AbortController()
  readonly #utf8 = new TextEncoder()
  #udp: UdpListeners | undefined
  #files: TlsFiles | undefined
  #queue: WeirEvent[] = []
  #queueBytes = 0
  #writing: Promise<void> | undefined
  #number = 0
  #messages = 0
  #lost = 0
  readonly #unparsed = new Map<string, number>()
  #last: number | undefined

  constructor(config: SyslogConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
  }

  get addresses(): readonly string[] {
    return [...(this.#udp?.addresses ?? []), ...this.#tcp.map(({ address }) => address)]
  }

  async open(): Promise<void> {
    const { id, log, metrics, host: environment } = this.#context
    const { udp: places, tcp, tls, max_message: limit, receive_buffer: receiveBuffer } = this.#config
    this.#files = await TlsFiles.ofListener(tls, environment.disk)
    for (const address of tcp)
      this.#tcp.push(
        await SyslogTcp.open(address, this.#files?.current, limit, (framed, from) => this.#takeStream(framed, from)),
      )
    this.#udp = await UdpListeners.open({
      source: id,
      places,
      receiveBuffer,
      environment,
      log,
      metrics,
      onDatagrams: (datagrams) => {
        this.#takeDatagrams(datagrams)
      },
    })
  }

  status(): SyslogStatus {
    const why =
      this.#messages === 0 && this.addresses.length > 0
        ? `No message was received at ${this.addresses.join(' or ')}: check the address and protocol of the senders.`
        : undefined
    return { messages: this.#messages, lost: this.#lost, last: this.#last, ...(why === undefined ? {} : { why }) }
  }

  feed(): SourceFeed {
    const unparsed = this.#unparsed.size === 0 ? undefined : Object.fromEntries(this.#unparsed)
    return {
      records: this.#messages,
      ...withoutUndefined({ lastRecord: this.#last, why: this.status().why, unparsed }),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { host, log, id } = this.#context
    while (!signal.aborted) {
      await host.timers.sleep(housekeepingMs, signal)
      if (signal.aborted) break
      const drops = (await this.#udp?.newKernelDrops()) ?? 0
      if (drops > 0) this.#context.shed('kernel_dropped', drops)
      const files = this.#files
      await files?.renew('the syslog listener', log, () => this.#renew(files), { source: id })
    }
    await this.close()
  }

  #renew(files: TlsFiles) {
    for (const listener of this.#tcp) listener.renew(files.current)
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await Promise.all([this.#udp?.close(), ...this.#tcp.map((listener) => listener.close())])
    await this.#writing
  }

  #event(bytes: Uint8Array, arrival: Omit<Arrival, 'zone'>): WeirEvent {
    const { received } = arrival
    const { body, time, isParsed } = syslogLine(bytes, { ...arrival, zone: this.#config.zone })
    this.#count(isParsed ? 'taken' : 'unparsed', 1)
    if (!isParsed) {
      const isListed = this.#unparsed.has(arrival.from) || this.#unparsed.size < mostUnparsedSenders
      const sender = isListed ? arrival.from : 'others'
      this.#unparsed.set(sender, (this.#unparsed.get(sender) ?? 0) + 1)
    }
    this.#messages++
    this.#last = received
    return {
      id: `${this.#context.epoch}-${++this.#number}`,
      source: `/syslog/${this.#context.id}`,
      type: telemetryTypes.log,
      family: 'log',
      time: time ?? received,
      datacontenttype: 'application/json',
      encoding: 'json',
      data: this.#utf8.encode(JSON.stringify(body)),
    }
  }

  async #takeStream(framed: readonly Framed[], from: string) {
    const received = this.#context.host.clock.now()
    const events: WeirEvent[] = []
    for (const message of framed)
      if (message.is === 'message')
        events.push(this.#event(message.bytes, { from, received, ...withoutUndefined({ isCut: message.isCut }) }))
      else if (message.is === 'oversized') this.#refuse(from)
      else this.#lose(message.is, 1)
    if (events.length > 0) await appendEvents(this.#context, events, { signal: this.#stopped.signal })
  }

  #refuse(sender: string) {
    const { log, id } = this.#context
    this.#lose('too_large', 1)
    log.warn('A sender announced a syslog message beyond `max_message`; its connection is closed.', {
      source: id,
      sender,
    })
  }

  /** Datagrams cannot wait at the sender. */
  #takeDatagrams({ bytes, from, received }: Datagrams) {
    for (const [at, datagram] of bytes.entries()) {
      if (datagram.length > this.#config.max_message) this.#lose('too_large', 1)
      else if (this.#queueBytes + datagram.length > this.#config.queue) this.#lose('queue_full', 1)
      else if (datagram.length > 0) {
        const address = from[at]?.address.replace(/^::ffff:/, '') ?? ''
        const event = this.#event(datagram, { from: address, received })
        this.#queueBytes += event.data?.length ?? 0
        this.#queue.push(event)
      }
    }
    if (this.#queue.length > 0) this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  async #write() {
    while (this.#queue.length > 0) {
      const events = this.#queue.splice(0, maxBatch)
      try {
        await appendEvents(this.#context, events, { signal: this.#stopped.signal })
      } catch (error) {
        this.#context.log.error('Syslog messages were lost, because they could not be stored.', {
          source: this.#context.id,
          messages: events.length,
          error: messageOf(error),
        })
        this.#lose('not_stored', events.length)
      }
      for (const { data } of events) this.#queueBytes -= data?.length ?? 0
    }
  }

  #lose(reason: string, messages: number) {
    this.#lost += messages
    this.#context.shed(reason, messages)
    this.#count(reason, messages)
  }

  #count(outcome: string, messages: number) {
    this.#context.metrics.count('weir_syslog_messages_total', messages, { source: this.#context.id, outcome })
  }
}
