import type { Malformed } from '../../codecs/sflow5/datagram.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { SflowIngest } from '../../ingest/decode-sflow.ts'
import { FlowWriter, defaultLimits, type UnitLimits } from '../../ingest/write.ts'
import { parseCidr } from '../../model/cidr.ts'
import { Senders } from '../../net/senders.ts'
import type { Datagrams } from '../../net/udp.ts'
import { UdpListeners, type UdpListenerStatus } from '../../net/udp-listeners.ts'
import { defineSource } from '../../engine/define.ts'
import type { SflowConfig, sflowSchema } from './config.ts'
import { Agent, type AgentStatus } from './source-agents.ts'
import { SflowCounts } from './source-counts.ts'

export const source = defineSource<typeof sflowSchema>('sflow', { build: openSflow })

const housekeepingMs = 5000

type SflowStatus = Readonly<{
  exporters: readonly AgentStatus[]
  listeners: readonly UdpListenerStatus[]
  inFlight: number
  why?: string
}>

export interface SflowSource extends Source {
  status(): SflowStatus
}

export type SflowLimits = Readonly<{
  units: UnitLimits
  exporters: number
}>

export async function openSflow(
  config: SflowConfig,
  context: SourceContext,
  limits?: SflowLimits,
): Promise<SflowSource> {
  const source = new Sflow(config, context, limits ?? { units: defaultLimits, exporters: 10_000 })
  await source.open()
  return source
}

class Sflow implements SflowSource {
  readonly #config: SflowConfig
  readonly #context: SourceContext
  readonly #agents: Senders<Agent>
  readonly #counts: SflowCounts
  readonly #writer: FlowWriter
  readonly #ingest: SflowIngest
  readonly #warned = new Set<string>()
  #udp: UdpListeners | undefined

  constructor(config: SflowConfig, context: SourceContext, limits: SflowLimits) {
    this.#config = config
    this.#context = context
    this.#agents = new Senders(
      config.allow.flatMap((range) => parseCidr(range) ?? []),
      (address, words) => new Agent(address, words),
      limits.exporters,
    )
    this.#counts = new SflowCounts(context)
    this.#writer = new FlowWriter(context, limits.units, config.flush)
    this.#ingest = new SflowIngest(this.#writer, config.exporter)
  }

  get addresses(): readonly string[] {
    return this.#udp?.addresses ?? []
  }

  async open(): Promise<void> {
    const { id, log, metrics, host: environment } = this.#context
    const { listen: places, receive_buffer: receiveBuffer } = this.#config
    this.#udp = await UdpListeners.open({
      source: id,
      places,
      receiveBuffer,
      environment,
      log,
      metrics,
      onDatagrams: (datagrams) => this.#take(datagrams),
    })
  }

  status(): SflowStatus {
    const exporters = this.#agents.all().map((agent) => agent.status())
    const silent = exporters.length === 0 && this.addresses.length > 0
    const why =
      `No datagram was received at ${this.addresses.join(' or ')}: check the collector address and port of ` +
      'the agents, and the firewalls between.'
    return {
      exporters,
      listeners: this.#udp?.status() ?? [],
      inFlight: this.#writer.inFlight,
      ...(silent ? { why } : {}),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.host
    while (!signal.aborted) {
      await timers.tick(housekeepingMs, signal)
      this.#writer.shed('kernel_dropped', (await this.#udp?.newKernelDrops()) ?? 0)
      this.#counts.exporters(this.#agents.size)
      this.#writer.recordShed()
    }
    await this.#udp?.close()
    await this.#writer.drain()
  }

  #take({ bytes, from, received }: Datagrams) {
    for (let i = 0; i < bytes.length; i++) {
      const datagram = bytes[i]
      const sender = from[i]
      if (datagram === undefined || sender === undefined) continue
      this.#counts.received(datagram.length)
      const agent = this.#agents.seen(sender.address, received)
      if (agent !== undefined) this.#read(datagram, agent, received)
      else {
        this.#writer.shed('not_allowed', 1)
        this.#counts.bytes('not_allowed', datagram.length)
      }
    }
    this.#counts.flush()
  }

  #read(bytes: Uint8Array, agent: Agent, time: number) {
    const { missing, late, missingSamples, lateSamples, restarts } = agent
    const decoded = this.#ingest.take(bytes, agent, time)
    this.#counts.losses(
      agent.missing - missing,
      agent.late - late,
      agent.missingSamples - missingSamples,
      agent.lateSamples - lateSamples,
      agent.restarts - restarts,
    )
    if (decoded === undefined) return this.#counts.bytes('shed', bytes.length)
    agent.decoded(decoded, time)
    this.#counts.decoded(decoded)
    if (decoded.malformed !== undefined) this.#malformed(agent, decoded.malformed)
  }

  #malformed(agent: Agent, reason: Malformed) {
    agent.malformed++
    agent.lastMalformed = reason
    this.#writer.shed('malformed', 1)
    this.#counts.malformed(reason)
    if (this.#warned.has(reason)) return
    this.#warned.add(reason)
    this.#context.log.warn('A datagram is malformed sFlow v5; its readable samples were accepted.', {
      source: this.#context.id,
      exporter: agent.address,
      reason,
    })
  }
}
