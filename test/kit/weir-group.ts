// Several Weirs that share one journal: collectors, deliverers and one with the API, each a process with a separate
// folder.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from '../../src/engine/control.ts'
import { EventReceiver } from './event-receiver.ts'
import { startWeir, type WeirProcess } from './weir-process.ts'

export interface GroupOptions {
  readonly folder: string
  readonly journal: Readonly<Record<string, unknown>>
  readonly collectors: number
  readonly deliverers: number
  /** A transform of pushed events; the sink receives its output. */
  readonly transform?: Readonly<Record<string, unknown>>
}

export class WeirGroup {
  readonly collectors: readonly WeirProcess[]
  readonly deliverers: readonly WeirProcess[]
  readonly api: WeirProcess
  /** The target of the only sink, `out`. */
  readonly receiver: EventReceiver

  readonly #start: (role: string, number: number, folder: string) => Promise<WeirProcess>

  private constructor(
    start: (role: string, number: number, folder: string) => Promise<WeirProcess>,
    collectors: readonly WeirProcess[],
    deliverers: readonly WeirProcess[],
    api: WeirProcess,
    receiver: EventReceiver,
  ) {
    this.#start = start
    this.collectors = collectors
    this.deliverers = deliverers
    this.api = api
    this.receiver = receiver
  }

  static async start({ folder, journal, collectors, deliverers, transform }: GroupOptions): Promise<WeirGroup> {
    const receiver = await EventReceiver.start()
    const start = (role: string, number: number, of = `${role}-${number}`): Promise<WeirProcess> => {
      const instance = `${role}-${number}`
      return startWeir({
        folder: join(folder, of),
        config: {
          roles: [role],
          instance,
          journal,
          sources: { netflow: { listen: 'off', tcp: 'off' } },
          ...(transform === undefined ? {} : { transforms: { masked: { from: ['http'], ...transform } } }),
          sinks: {
            out: {
              ...(transform === undefined ? {} : { from: ['masked'] }),
              type: 'http',
              url: receiver.url,
              mode: 'batched',
              delivery: { retry_initial: '50ms', retry_max: '500ms' },
            },
          },
        },
      })
    }
    const many = (role: string, count: number): Promise<WeirProcess[]> =>
      Promise.all(Array.from({ length: count }, (_, at) => start(role, at + 1)))
    const delivering = await many('deliverer', deliverers)
    const [api] = await many('api', 1)
    return new WeirGroup(start, await many('collector', collectors), delivering, api as WeirProcess, receiver)
  }

  /** Another process with the same name, in a separate folder. */
  another(role: string, number: number): Promise<WeirProcess> {
    return this.#start(role, number, `another-${role}-${number}`)
  }

  get all(): readonly WeirProcess[] {
    return [...this.collectors, ...this.deliverers, this.api]
  }

  /** Waits until nothing pends for sink and store, or for `limitMs`. Returns the last ledger. */
  async caughtUp(accepted: number, limitMs: number): Promise<Ledger> {
    for (const until = Date.now() + limitMs; ; await sleep(200)) {
      const ledger = await this.api.ledger()
      const total = ledger.sources.reduce((sum, source) => sum + source.accepted, 0)
      if (
        (total >= accepted && ledger.sinks.length >= 2 && ledger.sinks.every(({ pending }) => pending === 0)) ||
        Date.now() > until
      )
        return ledger
    }
  }

  /** Waits until every partition has a deliverer. */
  async shared(partitions: number, limitMs = 60_000): Promise<void> {
    for (const until = Date.now() + limitMs; ; await sleep(100)) {
      const lanes = await Promise.all(
        this.deliverers.map((weir) => weir.metric('weir_shared_journal_partitions').catch(() => 0)),
      )
      if (lanes.reduce((sum, worker) => sum + worker, 0) === partitions && lanes.every((lane) => lane > 0)) return
      if (Date.now() > until)
        throw new Error(`after ${limitMs} ms the deliverers have ${lanes.join(' and ')} of ${partitions} partitions`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((weir) => weir[Symbol.asyncDispose]()))
    await this.receiver.close()
  }
}
