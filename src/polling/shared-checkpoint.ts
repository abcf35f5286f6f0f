/**
 * How far a source that asks is, for whoever goes on with another journal, in a record that outlives ours. Where a sink is waited for, that is no further
 * than the sink has settled: what lies in a journal that goes with its machine is told again by the next one.
 */
import type { Host } from '../host/index.ts'
import type { Appended } from '../journal/types.ts'
import type { AwaitedSink } from '../engine/ports.ts'

/** Of a record elsewhere: how far each place is, and the newest events of each, with their times. */
export interface CheckpointRecord {
  readonly places: Readonly<Record<string, number>>
  readonly seen: readonly (readonly [string, readonly (readonly [string, number])[]])[]
}

/** So many bytes at most, as JSON within JSON: the record is small. Places come first; of ids, what does not fit may be told again. */
const mostBytes = 96 * 1024
const lookMs = 500
/** So long the sink may take, at the end, for what it is about to settle. */
const partingMs = 2000

/** With the newest of what was seen. */
export function checkpointRecord(places: Readonly<Record<string, number>>, seen: ReadonlyMap<string, ReadonlyMap<string, number>>): CheckpointRecord {
  const all = [...seen].flatMap(([place, events]) => [...events].map(([event, time]) => ({ place, event, time }))).sort((a, b) => b.time - a.time)
  let left = mostBytes - Buffer.byteLength(JSON.stringify(JSON.stringify(places)))
  const fit = all.findIndex(({ event, time }) => (left -= Buffer.byteLength(JSON.stringify(JSON.stringify([event, time])))) < 0)
  const kept = fit === -1 ? all : all.slice(0, fit)
  return { places: { ...places }, seen: [...seen.keys()].map((of) => [of, kept.filter(({ place }) => place === of).map(({ event, time }) => [event, time] as const)] as const) }
}

export function isCheckpointRecord(value: unknown): value is CheckpointRecord {
  const given = value as Partial<CheckpointRecord> | null | undefined
  return typeof given?.places === 'object' && Array.isArray(given.seen)
}

export class SharedCheckpoint {
  readonly #sink: AwaitedSink | undefined
  #state: unknown
  #last: Appended | undefined
  #done: Appended | undefined

  /** `sink`: none is waited for where it is undefined. */
  constructor(sink: AwaitedSink | undefined) {
    this.#sink = sink
  }

  /** Our turn begins with this. */
  begin(before: unknown): void {
    this.#state = before
    this.#last = this.#done = undefined
  }

  appended(last: Appended): void {
    this.#last = last
  }

  /** `known`: what is told. */
  state(known: () => CheckpointRecord): unknown {
    if (this.#sink === undefined || (this.#last !== undefined && this.#last === this.#done)) this.#state = known()
    return this.#state
  }

  /** Ends when the signal aborts and the sink has had a moment for what it is about to settle. */
  async follow(known: () => CheckpointRecord, { timers }: Pick<Host, 'timers'>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) if (!(await this.#settle(known, signal))) await timers.sleep(lookMs, signal)
    const parting = new AbortController()
    const timer = timers.after(partingMs, () => { parting.abort() })
    await this.#settle(known, parting.signal).finally(() => { timer.cancel() })
  }

  /** False: there was nothing to wait for, or it did not come. */
  async #settle(known: () => CheckpointRecord, signal: AbortSignal): Promise<boolean> {
    const last = this.#last
    if (this.#sink === undefined || last === undefined || last === this.#done) return false
    const state = known()
    if ((await this.#sink.settled(last, signal)) !== 'settled') return false
    ;[this.#state, this.#done] = [state, last]
    return true
  }
}
