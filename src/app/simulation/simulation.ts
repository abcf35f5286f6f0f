import { silent, uncounted } from '../../telemetry/silent.ts'
import type { Ledger } from '../../engine/control.ts'
import { sum } from '../../engine/delivery/tally.ts'
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import type { SimulatedHost } from '../../host/simulated/machine.ts'
import { sourcesOfTransform } from '../../components/manifests.ts'
import { componentOf } from '../../model/positions.ts'
import { journalLimits } from '../volume.ts'
import { planFaults, type PlannedFault } from './faults.ts'
import { hintsOf } from './hints.ts'
import { begin, type Life } from './life.ts'
import { calm, Origin } from './outside.ts'
import { Rows } from './rows.ts'
import { scaledEntry, scaleOf, type Scale } from './scale.ts'
import type { SimulationOptions } from './settings.ts'
import { simulatedSink } from './sink.ts'
import { simulatedSource } from './source.ts'
import { planSources } from './sources.ts'
import { openTargets, typeOfTarget, type OpenTargets } from './targets.ts'
import { Timeline } from './timeline.ts'
import type { FaultResult, SimulationReport } from './report.ts'

const snapshotMs = 10_000
/** Calls of the disk after which power is lost or the process ends, within a step. */
const mostCalls = 16
/** Appends that wait for room are refused this long after the volume has some again. */
const afterFullMs = 60_000

export class Simulation {
  readonly scale: Scale
  readonly origins: ReadonlyMap<string, Origin>
  readonly targets: OpenTargets
  readonly entries: readonly SinkEntry[]
  readonly faults: readonly PlannedFault[]
  readonly timeline: Timeline
  readonly #options: SimulationOptions
  readonly #weather = calm()
  readonly #lengthMs: number
  readonly #start: number
  #limits: Awaited<ReturnType<typeof journalLimits>> | undefined
  #host: SimulatedHost
  #life: Life | undefined
  #snapshotAt = 0

  static async open(options: SimulationOptions, host: SimulatedHost): Promise<Simulation> {
    const { loaded } = options
    const sources = planSources(loaded, options.rates, options.sizes)
    const hints = hintsOf(loaded.document)
    const scale = scaleOf(options, sources, hints, host.random.fork())
    const origins = sources.map((source) => new Origin(source, new Rows(source, hints, host.random.fork()), scale.rows))
    const targets = await openTargets(options, scale)
    return new Simulation(options, host, { scale, origins, targets })
  }

  private constructor(
    options: SimulationOptions,
    host: SimulatedHost,
    parts: Readonly<{ scale: Scale; origins: readonly Origin[]; targets: OpenTargets }>,
  ) {
    this.#options = options
    this.#host = host
    this.scale = parts.scale
    this.origins = new Map(parts.origins.map((origin) => [origin.source.id, origin]))
    this.targets = parts.targets
    this.entries = parts.targets.entries.map((entry) => scaledEntry(entry, parts.scale))
    this.#lengthMs = options.hours * 3600_000
    this.#start = host.clock.now()
    this.faults = planFaults(options.faults, this.#lengthMs, parts.scale.stepMs, host.random.fork())
    this.timeline = new Timeline(parts.scale.stepMs)
  }

  get lengthMs(): number {
    return this.#lengthMs
  }

  async run(): Promise<void> {
    const { stepMs } = this.scale
    this.#host.disk.resize(this.#diskBytes)
    await this.#begin()
    for (let at = 0; at < this.#lengthMs; at += stepMs) {
      await this.#turn(at)
      await this.#step(at)
      await this.#observe(at + stepMs)
    }
    await this.#host.settle()
  }

  async results(): Promise<Omit<SimulationReport, 'findings'>> {
    if (this.#life === undefined) await this.#begin()
    await this.#host.settle()
    const ledger = await this.#need().runtime.ledger()
    const { seed, hours, loaded } = this.#options
    const { rows, bytes, stepMs } = this.scale
    return {
      seed,
      hours,
      scale: rows,
      stepSeconds: stepMs / 1000,
      balanced: ledger.balanced,
      sources: [...this.origins.values()].map((origin) => this.#sourceResult(origin, ledger)),
      transforms: this.#transformResults(ledger),
      sinks: this.#sinkResults(ledger),
      faults: this.#faultResults(),
      peaks: {
        journalBytes: Math.round(this.timeline.journal * bytes),
        journalMax: loaded.config.journal.max,
        diskBytes: Math.round(this.timeline.disk * bytes),
        disk: this.#options.disk,
        memoryBytes: this.timeline.memory,
        memory: this.#host.memory.capacity,
      },
      notes: this.targets.notes,
    }
  }

  async close(): Promise<void> {
    await this.targets.close()
  }

  get #diskBytes(): number {
    return this.#options.disk / this.scale.bytes
  }

  async #begin() {
    const { config } = this.#options.loaded
    const { bytes, rows, stepMs } = this.scale
    this.#limits ??= await journalLimits(this.#host, config, '/')
    const scaled = (size: number) => size / bytes
    const { segmentBytes, maxBytes, keepBytes, reserveBytes, marginBytes, waitMs } = this.#limits
    const { duplicates } = config
    this.#host.memory.capacity = config.decoding.memory ?? this.#host.memory.capacity
    this.#life = await begin({
      host: this.#host,
      log: silent,
      metrics: uncounted,
      limits: {
        segmentBytes: scaled(segmentBytes),
        maxBytes: scaled(maxBytes),
        keepBytes: scaled(keepBytes),
        reserveBytes: scaled(reserveBytes),
        marginBytes: scaled(marginBytes),
        waitMs,
      },
      duplicates: { events: Math.max(1, duplicates.events / rows), ageMs: duplicates.age },
      sources: [...this.origins.keys()].map((id) => ({ id, type: id, settings: {} })),
      sinks: this.entries,
      source: (id) =>
        simulatedSource(this.origins.get(id)!, {
          weather: this.#weather,
          stepMs,
          start: this.#start,
          appended: ({ position }, received) => this.timeline.appended(position.sequence, received),
        }),
      sink: (type) => {
        const target = this.targets.byType.get(type)
        return target === undefined ? undefined : simulatedSink(type, target, this.#weather)
      },
      maintenanceMs: stepMs,
      appended: (sequence, received) => this.timeline.appended(sequence, received),
    })
  }

  /** Begins and ends faults. */
  async #turn(at: number) {
    for (const fault of this.faults) {
      if (fault.until === at) await this.#end(fault)
      if (fault.at === at) this.#strike(fault)
    }
  }

  #strike({ kind, until }: PlannedFault) {
    const { disk, random } = this.#host
    if (kind === 'partition') {
      this.#weather.partition = true
      this.#weather.partitions++
      this.#weather.hangs = random.chance(0.5)
    }
    if (kind === 'slow') this.#weather.slow = true
    if (kind === 'full') {
      this.#weather.fullUntil = until + afterFullMs
      disk.fullAfter(0)
    }
    if (kind === 'kill' || kind === 'torn') disk.powerOffAfter(random.integer(1, mostCalls))
  }

  async #end({ kind }: PlannedFault) {
    if (kind === 'partition') this.#weather.partition = false
    if (kind === 'slow') this.#weather.slow = false
    if (kind === 'full') this.#host.disk.resize(this.#diskBytes)
    if (kind === 'kill' || kind === 'torn') await this.#begin()
  }

  async #step(now: number) {
    await this.#host.advance(this.scale.stepMs)
    const ended = this.faults.find(
      ({ kind, at, until }) => (kind === 'kill' || kind === 'torn') && at <= now && now < until,
    )
    if (ended === undefined || this.#life === undefined) return
    this.#life = undefined
    this.timeline.memory = Math.max(this.timeline.memory, this.#host.memory.peak)
    this.#host = ended.kind === 'torn' ? this.#host.crash() : this.#host.kill()
  }

  async #observe(at: number) {
    for (const origin of this.origins.values()) origin.pass(at)
    const life = this.#life
    if (life !== undefined) {
      this.timeline.observe(at, {
        host: this.#host,
        life,
        entries: this.entries,
        origins: [...this.origins.values()],
      })
      if (at >= this.#snapshotAt) {
        this.#snapshotAt = at + snapshotMs
        // A full disk refuses it; the journal then keeps more.
        await life.snapshot().catch(() => undefined)
      }
    }
    this.#options.onProgress?.(at, this.#lengthMs)
  }

  #need(): Life {
    if (this.#life === undefined) throw new Error('the simulated process is not running')
    return this.#life
  }

  #rows(count: number): number {
    return Math.round(count * this.scale.rows)
  }

  #counts(counts: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(Object.entries(counts).map(([reason, count]) => [reason, this.#rows(count)]))
  }

  #sourceResult(origin: Origin, ledger: Ledger) {
    const { id, type, mode, rate } = origin.source
    const counted = ledger.sources.find(({ name }) => name === id)
    return {
      source: id,
      type,
      mode,
      rate,
      given: this.#rows(origin.made),
      accepted: this.#rows(counted?.accepted ?? 0),
      duplicates: this.#rows(counted?.duplicates ?? 0),
      waiting: this.#rows(origin.waiting),
      mostWaiting: this.#rows(origin.peak),
      lost: this.#counts(origin.lost),
    }
  }

  #transformResults(ledger: Ledger): SimulationReport['transforms'] {
    const accepted = new Map(ledger.sources.map((source) => [source.name, source.accepted]))
    return Object.values(this.#options.loaded.config.transforms).map((transform) => ({
      transform: transform.id,
      type: transform.type,
      taken: this.#rows(ledger.sinks.find(({ name }) => name === transform.id)?.routed ?? 0),
      made: this.#rows(sourcesOfTransform(transform).reduce((rows, id) => rows + (accepted.get(id) ?? 0), 0)),
    }))
  }

  #sinkResults(ledger: Ledger): SimulationReport['sinks'] {
    return ledger.sinks.flatMap((counted) => {
      const target = this.targets.byType.get(typeOfTarget(counted.name))
      if (target === undefined) return []
      const { receipts } = target
      const lag = this.timeline.lags.get(counted.name)
      return [
        {
          sink: counted.name,
          type: this.targets.types.get(counted.name) ?? '',
          from: counted.from.filter((id) => this.#isSimulated(id)),
          filtered: this.#rows(sum(counted.filtered)),
          delivered: this.#rows(counted.delivered),
          duplicated: this.#rows(sum(receipts.duplicates)),
          waiting: this.#rows(counted.pending),
          dropped: this.#counts(counted.dropped),
          deadLetters: this.#rows(counted.dead_lettered),
          missing: this.#rows(Math.max(0, counted.delivered - receipts.total)),
          lagMs: lag?.now ?? 0,
          longestLagMs: lag?.longest ?? 0,
        },
      ]
    })
  }

  #isSimulated(source: string): boolean {
    const id = componentOf(source)
    return this.origins.has(id) || !Object.hasOwn(this.#options.loaded.config.sources, id)
  }

  #faultResults(): readonly FaultResult[] {
    return this.faults.map(({ kind, at, until }, index) => {
      const next = this.faults[index + 1]?.at ?? this.#lengthMs
      const recovered = this.timeline.calmAfter(until, next)
      return {
        fault: kind,
        at: at / 1000,
        seconds: (until - at) / 1000,
        recovered: recovered === undefined ? null : (recovered - until) / 1000,
      }
    })
  }
}
