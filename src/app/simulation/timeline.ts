/** Observations of a running simulation: lags, peaks, and times at which nothing was late. */
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import type { SimulatedHost } from '../../host/simulated/machine.ts'
import type { Life } from './life.ts'
import type { Origin } from './outside.ts'

interface Lag {
  now: number
  longest: number
  /** At some times of the simulation, oldest first. */
  readonly samples: { readonly at: number; readonly ms: number }[]
}

type Observed = Readonly<{
  host: SimulatedHost
  life: Life
  entries: readonly SinkEntry[]
  origins: readonly Origin[]
}>

/** A delivery that is at most this many steps behind is not late. */
const calmSteps = 4

export class Timeline {
  readonly lags = new Map<string, Lag>()
  /** Ids of readers, by rounds in which they were the last one while the journal was full. */
  readonly holders = new Map<string, number>()
  journal = 0
  disk = 0
  memory = 0
  readonly #stepMs: number
  readonly #sequences: number[] = []
  readonly #received: number[] = []
  readonly #calm: number[] = []

  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  appended(sequence: number, received: number): void {
    // Rows of several sources are acknowledged in any order.
    if (sequence <= (this.#sequences.at(-1) ?? 0)) return
    this.#sequences.push(sequence)
    this.#received.push(received)
  }

  observe(at: number, { host, life, entries, origins }: Observed): void {
    this.journal = Math.max(this.journal, life.journal.size())
    this.disk = Math.max(this.disk, host.disk.used)
    this.memory = Math.max(this.memory, host.memory.peak)
    const now = host.clock.now()
    let isCalm = true
    let last: Readonly<{ id: string; sequence: number }> | undefined
    for (const { id, delivery: settings } of entries) {
      const delivery = life.sinks.get(id)
      if (delivery === undefined) continue
      const { sequence } = delivery.record.position
      if (last === undefined || delivery.held < last.sequence) last = { id, sequence: delivery.held }
      const ms = this.#lagAt(sequence, now)
      const lag = this.lags.get(id) ?? { now: 0, longest: 0, samples: [] }
      this.lags.set(id, lag)
      lag.now = ms
      lag.longest = Math.max(lag.longest, ms)
      lag.samples.push({ at, ms })
      if (ms > calmSteps * this.#stepMs + settings.batch.waitMs) isCalm = false
    }
    if (life.journal.problem !== undefined && last !== undefined)
      this.holders.set(last.id, (this.holders.get(last.id) ?? 0) + 1)
    if (origins.some((origin) => origin.waiting > calmSteps * origin.portion(this.#stepMs))) isCalm = false
    if (isCalm) this.#calm.push(at)
  }

  /** First time after `from` at which nothing was late; undefined: none before `until`. */
  calmAfter(from: number, until: number): number | undefined {
    return this.#calm.find((at) => at > from && at <= until)
  }

  /** Longest lag of a sink in a range of the simulation. */
  lagBetween(sink: string, from: number, until: number): readonly number[] {
    return (this.lags.get(sink)?.samples ?? []).filter(({ at }) => at >= from && at <= until).map(({ ms }) => ms)
  }

  /** Age of the first row after a sequence. */
  #lagAt(sequence: number, now: number): number {
    let [low, high] = [0, this.#sequences.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sequences[middle] ?? 0) > sequence) high = middle
      else low = middle + 1
    }
    const received = this.#received[low]
    return received === undefined ? 0 : Math.max(0, now - received)
  }
}
