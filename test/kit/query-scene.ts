// A journal and a test clock for a polling source: waits take no time and are recorded.
import type { Replay, SourceContext } from '../../src/engine/contracts.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import type { Frame, Unit } from '../../src/journal/types.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { WeirError } from '../../src/model/errors.ts'
import { MetricStore } from '../../src/telemetry/metrics.ts'
import { eventsOf } from '../conformance/polling-bench.ts'
import { fakeHost } from './fake-host.ts'
import { metricTable } from '../../src/components/manifests.ts'

export const minute = 60_000

export class QueryScene {
  now: number
  readonly units: Omit<Unit, 'source'>[] = []
  readonly lines: string[] = []
  readonly slept: number[] = []
  readonly shed: Record<string, number> = {}
  readonly metrics = new MetricStore({ strict: true, table: metricTable })
  /** Number of units to refuse. */
  refuse = 0
  /** Position after which the source needs frames. */
  heldFrom: number | undefined
  host: Host
  signal = new AbortController().signal
  readonly #id: string
  readonly #limits = new Set<() => void>()

  constructor(id: string, start: number) {
    this.#id = id
    this.now = start
    const real = realHost()
    this.host = {
      ...real,
      disk: fakeHost(1).disk,
      clock: { now: () => this.now, monotonic: () => this.now },
      timers: {
        ...real.timers,
        sleep: async (ms) => {
          this.slept.push(ms)
          await real.timers.yield()
        },
        after: (ms, act) => {
          this.#limits.add(act)
          const timer = real.timers.after(ms, act)
          return {
            cancel: () => {
              this.#limits.delete(act)
              timer.cancel()
            },
          }
        },
      },
    }
  }

  /** Every pending request times out. */
  expire(): void {
    for (const act of this.#limits) act()
  }

  get events(): WeirEvent[] {
    return this.units.flatMap(eventsOf)
  }

  get ids(): string[] {
    return this.events.map(({ id }) => id)
  }

  /** The data folder is lost. */
  forget(): void {
    this.units.length = 0
    this.host = { ...this.host, disk: fakeHost(1).disk }
  }

  /** Starts Weir once; its checkpoint is in the journal. */
  context(): SourceContext {
    const line = (message: string, fields?: Record<string, unknown>): void =>
      void this.lines.push(`${message} ${JSON.stringify(fields)}`)
    const { units } = this
    const frames: Replay = {
      async *after({ sequence }) {
        for (const [at, unit] of units.entries())
          if (at + 1 > sequence)
            yield { header: { ...unit, sequence: at + 1 }, body: () => unit.raw } as unknown as Frame
        await Promise.resolve()
      },
      hold: (sequence) => {
        this.heldFrom = sequence
        return Promise.resolve()
      },
    }
    return {
      id: this.#id,
      host: this.host,
      epoch: 1,
      cursor: units.at(-1)?.cursor,
      metrics: this.metrics,
      log: { debug: line, info: line, warn: line, error: line },
      replay: frames,
      state: `/data/${this.#id}`,
      shed: (reason, rows) => {
        this.shed[reason] = (this.shed[reason] ?? 0) + rows
      },
      append: (unit) => {
        // As between threads, append transfers these bytes.
        const raw = structuredClone(unit.raw, { transfer: [unit.raw.buffer as ArrayBuffer] })
        if (this.refuse > 0) {
          this.refuse--
          return Promise.reject(new WeirError('WEIR_JOURNAL_FULL', 'the journal is full'))
        }
        units.push({ ...unit, raw })
        return Promise.resolve({ position: { sequence: units.length, row: 0 }, epoch: 1, sourceSequence: units.length })
      },
    }
  }
}
