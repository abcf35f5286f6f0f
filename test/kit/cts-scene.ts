// A cloud, a journal and a clock that moves by the test's hand, for one tracker of source `otc-cts`: waiting takes no time, and is noted.
import type { OwnFrames, SourceContext } from '../../src/engine/ports.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { Frame, Unit } from '../../src/journal/types.ts'
import { WeirError } from '../../src/model/errors.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { MetricStore } from '../../src/telemetry/metrics.ts'
import { otcCtsSchema } from '../../src/connectors/otc-cts/config.ts'
import { ToldOnce } from '../../src/engine/told-once.ts'
import type { AskedLimits } from '../../src/engine/asked-place.ts'
import { keptMs, trackerPlace, type TrackerPlace } from '../../src/connectors/otc-cts/source-place.ts'
import { sessionOf } from '../../src/connectors/otc-cts/source.ts'
import { CtsServer, type CtsProject } from './cts.ts'
import { fakeHost } from './fake-host.ts'

export const ctsStart = Date.parse('2024-03-19T11:05:00.000Z')
export const minute = 60_000
export const accessKey = 'AKEXAMPLE0000000TEST'
export type WrittenCts = Partial<WrittenConfigOf<typeof otcCtsSchema>>

export class CtsScene {
  now = ctsStart
  readonly units: Omit<Unit, 'source'>[] = []
  readonly lines: string[] = []
  readonly slept: number[] = []
  readonly shed: Record<string, number> = {}
  readonly metrics = new MetricStore({ strict: true })
  refuse = 0
  heldFrom: number | undefined
  readonly server: CtsServer
  readonly host: Host
  readonly project: CtsProject
  signal = new AbortController().signal
  readonly #limits = new Set<() => void>()
  readonly #sessions: { close(): void }[] = []

  private constructor(server: CtsServer) {
    this.server = server
    server.now = () => this.now
    this.project = server.project('eu-de_prod')
    const real = realHost()
    this.host = {
      ...real, disk: fakeHost(1).disk, clock: { now: () => this.now, monotonic: () => this.now },
      timers: { ...real.timers, sleep: async (ms) => {
        this.slept.push(ms)
        await real.timers.yield()
      }, after: (ms, act) => {
        this.#limits.add(act)
        const timer = real.timers.after(ms, act)
        return { cancel: () => {
          this.#limits.delete(act)
          timer.cancel()
        } }
      } },
    }
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.close()
    await this.server.stop()
  }

  /** Whatever is waited for has taken too long. */
  expire(): void {
    for (const act of this.#limits) act()
  }

  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<CtsScene> {
    return new CtsScene(await new CtsServer(undefined, tls).start())
  }

  get events(): WeirEvent[] {
    return this.units.flatMap((unit) => {
      const batch = unit.kind === 'events' ? decodeBatch('events', unit.raw) : undefined
      return batch?.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventAt(batch, row)) : []
    })
  }

  get ids(): string[] {
    return this.events.map(({ id }) => id)
  }

  /** Of requests for traces. */
  queries(): Readonly<Record<string, string>>[] {
    return this.server.requests(/trace/).map(({ query }) => query)
  }

  context(): SourceContext {
    const line = (message: string, fields?: Record<string, unknown>): void => void this.lines.push(`${message} ${JSON.stringify(fields)}`)
    const frames: OwnFrames = {
      after: async function* (this: CtsScene, { sequence }: { readonly sequence: number }) {
        for (const [at, unit] of this.units.entries()) {
          if (at + 1 > sequence) yield { header: { ...unit, sequence: at + 1 }, body: () => unit.raw } as unknown as Frame
        }
        await Promise.resolve()
      }.bind(this),
      hold: (sequence) => {
        this.heldFrom = sequence
        return Promise.resolve()
      },
    }
    return {
      id: 'cts', host: this.host, epoch: 1, cursor: this.units.at(-1)?.cursor, metrics: this.metrics, log: { debug: line, info: line, warn: line, error: line }, frames, state: '/data/cts',
      shed: (reason, rows) => { this.shed[reason] = (this.shed[reason] ?? 0) + rows },
      append: (unit) => {
        // As between threads: whoever appends has these bytes no more.
        const raw = structuredClone(unit.raw, { transfer: [unit.raw.buffer as ArrayBuffer] })
        if (this.refuse > 0) {
          this.refuse--
          return Promise.reject(new WeirError('WEIR_JOURNAL_FULL', 'the journal is full'))
        }
        this.units.push({ ...unit, raw })
        return Promise.resolve({ position: { sequence: this.units.length, row: 0 }, epoch: 1, sourceSequence: this.units.length })
      },
    }
  }

  /** A start of Weir: what it remembers is in the journal. */
  async place(written: WrittenCts = {}, limits?: AskedLimits): Promise<{ poll(): Promise<void>; readonly place: TrackerPlace }> {
    const config = configFrom(otcCtsSchema, {
      iam: `${this.server.url}/v3`, auth: { type: 'keys', access_key: accessKey, secret_key: this.server.keys.get(accessKey) ?? '' }, projects: [{ name: 'eu-de_prod' }], look_back: '5m', ...written,
    })
    const context = this.context()
    const told = new ToldOnce(context, keptMs)
    await told.restore()
    const session = sessionOf(config, config.projects[0], context)
    this.#sessions.push(session)
    const place = trackerPlace({ config, context, session, told, project: 'eu-de_prod', tracker: config.projects[0]?.trackers[0] ?? 'system', ...(limits === undefined ? {} : { limits }) })
    return { place, poll: () => place.poll(this.signal) }
  }
}
