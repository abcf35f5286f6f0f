import { AgentFlowDecoder, countRecords } from '../../codecs/pbflow/decode.ts'
import { defineSource } from '../../engine/define.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { awaitMemory } from '../../host/await-memory.ts'
import { memoryBusy } from '../../host/memory-budget.ts'
import { FlowWriter, defaultLimits, type UnitLimits } from '../../ingest/write.ts'
import { parseCidr } from '../../model/cidr.ts'
import { listenGrpc, type GrpcCall, type GrpcFailure, type GrpcListeners } from '../../net/grpc-server.ts'
import { refusalOf, type PushRefused } from '../../net/http/push-refused.ts'
import { Senders } from '../../net/senders.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import type { NetobservConfig, netobservSchema } from './config.ts'
import type { metrics } from './metrics.ts'
import { Agent, type AgentStatus } from './source-agents.ts'

export const source = defineSource<typeof netobservSchema>('netobserv', { build: openNetobserv })

const housekeepingMs = 5000
const tlsEveryMs = 30_000
const maxAgents = 10_000
const leastMemory = 64 * 1024

type Answer = 'accepted' | GrpcFailure

type NetobservStatus = Readonly<{
  exporters: readonly AgentStatus[]
  /** Units that are not synced yet. */
  inFlight: number
  why?: string
}>

export interface NetobservSource extends Source {
  status(): NetobservStatus
}

export async function openNetobserv(
  config: NetobservConfig,
  context: SourceContext,
  limits: UnitLimits = defaultLimits,
): Promise<NetobservSource> {
  const source = new Netobserv(config, context, limits)
  await source.open()
  return source
}

class Netobserv implements NetobservSource {
  readonly #config: NetobservConfig
  readonly #context: SourceContext
  readonly #limits: UnitLimits
  readonly #agents: Senders<Agent>
  readonly #writer: FlowWriter
  readonly #decoder: AgentFlowDecoder
  #listeners: GrpcListeners | undefined
  #tls: TlsFiles | undefined
  #calls = 0

  constructor(config: NetobservConfig, context: SourceContext, limits: UnitLimits) {
    this.#config = config
    this.#context = context
    this.#limits = limits
    this.#agents = new Senders(
      config.allow.flatMap((range) => parseCidr(range) ?? []),
      (address, words) => new Agent(address, words),
      maxAgents,
    )
    this.#writer = new FlowWriter(context, limits)
    this.#decoder = new AgentFlowDecoder(this.#writer.flows)
  }

  get addresses(): readonly string[] {
    return this.#listeners?.addresses ?? []
  }

  async open(): Promise<void> {
    const { listen: places, tls, max_message: maxMessage } = this.#config
    this.#tls = await TlsFiles.ofListener(tls, this.#context.host.disk)
    this.#listeners = await listenGrpc({
      places,
      tls: this.#tls,
      maxMessage,
      host: this.#context.host,
      methods: { '/pbflow.Collector/Send': (call) => this.#take(call) },
    })
  }

  status(): NetobservStatus {
    const exporters = this.#agents.all().map((agent) => agent.status())
    const why =
      `No message was received at ${this.addresses.join(' or ')}: set TARGET_HOST and TARGET_PORT of the agents to ` +
      'this address, or `agent.ebpf.advanced` of the FlowCollector, and check network policies between.'
    return {
      exporters,
      inFlight: this.#writer.inFlight,
      ...(exporters.length === 0 && this.addresses.length > 0 ? { why } : {}),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { id, log, metrics, host } = this.#context
    for (let round = 1; !signal.aborted; round++) {
      await host.timers.sleep(housekeepingMs, signal)
      if (signal.aborted) break
      metrics.set('weir_netobserv_exporters', this.#agents.size, { source: id })
      this.#writer.recordShed()
      if ((round * housekeepingMs) % tlsEveryMs === 0)
        await this.#tls?.renew('the netobserv listener', log, () => this.#listeners?.renew(), { source: id })
    }
    this.#writer.stopWaiting()
    await this.#listeners?.close(this.#config.wait)
    await this.#writer.drain()
  }

  async #take({ peer, read }: GrpcCall): Promise<Answer> {
    const { clock } = this.#context.host
    const agent = this.#agents.seen(peer, clock.now())
    if (agent === undefined) {
      this.#writer.shed('not_allowed', 1)
      return this.#answered('not_allowed', { code: 'denied', why: `${peer} is not in the setting allow of Weir` })
    }
    let message: Uint8Array
    try {
      await this.#room()
      message = await read()
    } catch (error) {
      return this.#unread(refusalOf(error))
    }
    this.#count('weir_netobserv_received_bytes_total', message.length)
    if (this.#calls >= this.#config.max_calls) return this.#reject(agent, countRecords(message))
    this.#calls++
    try {
      return await this.#store(message, agent, clock.monotonic() + this.#config.wait)
    } finally {
      this.#calls--
    }
  }

  /** Waits while others use most of the memory for decoding: an agent does not send rejected flows again. */
  async #room(): Promise<void> {
    const { host } = this.#context
    const late = new AbortController()
    const timer = host.timers.after(this.#config.wait, () => late.abort(memoryBusy()))
    try {
      const lease = await awaitMemory(host, leastMemory, late.signal)
      lease.release()
    } finally {
      timer.cancel()
    }
  }

  /** The number of its flows is not known. */
  #unread({ status, reason, message: why }: PushRefused): Answer {
    this.#writer.shed(reason, 1)
    if (status === 400) return this.#answered('malformed', { code: 'invalid', why })
    return this.#answered('rejected', { code: 'exhausted', why })
  }

  /** Stores a message in units. The journal may take them late, until the deadline (monotonic ms). */
  async #store(message: Uint8Array, agent: Agent, deadline: number): Promise<Answer> {
    const decoder = this.#decoder
    const received = {
      time: this.#context.host.clock.now(),
      skewLimit: this.#config.skew_limit,
      sender: agent.words,
    }
    const storing: Promise<number>[] = []
    let [at, rows, malformed] = [0, 0, 0]
    while (at < message.length) {
      if (!(await this.#writer.ready(deadline))) return this.#reject(agent, countRecords(message.subarray(at)), storing)
      at = decoder.records(message, at, received, this.#limits)
      rows += decoder.rows
      malformed += decoder.malformed
      this.#writer.added(decoder.rows, received.time)
      storing.push(this.#writer.store(deadline))
    }
    agent.rows += rows
    if (rows > 0) agent.lastRow = received.time
    this.#count('weir_netobserv_rows_total', rows)
    if (malformed > 0) this.#malformed(agent, malformed)
    const lost = await sum(storing)
    if (lost > 0) return this.#exhausted(agent, lost)
    if (rows === 0 && malformed > 0)
      return this.#answered('malformed', { code: 'invalid', why: 'the message is not pbflow.Records' })
    return this.#answered('accepted', 'accepted')
  }

  /** Counts rows that were not decoded, beside those of `storing` that are lost. */
  async #reject(agent: Agent, rows: number, storing: readonly Promise<number>[] = []): Promise<Answer> {
    this.#writer.shed('journal_behind', rows)
    return this.#exhausted(agent, rows + (await sum(storing)))
  }

  #exhausted(agent: Agent, lost: number): Answer {
    agent.rejected += lost
    const why = `Weir could not store ${lost} flows in time: its journal is full or its disk is slow`
    return this.#answered('rejected', { code: 'exhausted', why })
  }

  #malformed(agent: Agent, records: number) {
    const { id, log } = this.#context
    if (agent.malformed === 0)
      log.warn('Some flows of an agent could not be decoded; the others were accepted.', {
        source: id,
        exporter: agent.address,
        records,
      })
    agent.malformed += records
    this.#writer.shed('malformed', records)
    this.#count('weir_netobserv_malformed_records_total', records)
  }

  #answered(outcome: 'accepted' | 'malformed' | 'not_allowed' | 'rejected', answer: Answer): Answer {
    const { id, metrics: counts } = this.#context
    counts.count('weir_netobserv_messages_total', 1, { source: id, outcome })
    return answer
  }

  #count(name: keyof typeof metrics, by: number) {
    if (by > 0) this.#context.metrics.count(name, by, { source: this.#context.id })
  }
}

async function sum(counts: readonly Promise<number>[]) {
  return (await Promise.all(counts)).reduce((total, count) => total + count, 0)
}
