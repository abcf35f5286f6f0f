/** With `ack: sink` it is never ahead of the sink, so that rows lost with a journal are recorded again. */
import type { Host } from '../host/index.ts'
import type { Appended } from '../journal/types.ts'
import type { AwaitedSink } from '../engine/contracts.ts'

export type CheckpointRecord = Readonly<{
  places: Readonly<Record<string, number>>
  seen: readonly (readonly [string, readonly (readonly [string, number])[]])[]
}>

/** Maximum size of the checkpoint, as JSON within JSON. Omitted events may be recorded again. */
const maxBytes = 96 * 1024
const checkMs = 500
/** For rows that the sink is about to settle. */
const graceMs = 2000

export function checkpointRecord(
  places: Readonly<Record<string, number>>,
  seen: ReadonlyMap<string, ReadonlyMap<string, number>>,
): CheckpointRecord {
  const all = [...seen]
    .flatMap(([partition, events]) => [...events].map(([event, time]) => ({ place: partition, event, time })))
    .sort((a, b) => b.time - a.time)
  let left = maxBytes - Buffer.byteLength(JSON.stringify(JSON.stringify(places)))
  const fit = all.findIndex(
    ({ event, time }) => (left -= Buffer.byteLength(JSON.stringify(JSON.stringify([event, time])))) < 0,
  )
  const newest = fit === -1 ? all : all.slice(0, fit)
  return {
    places: { ...places },
    seen: [...seen.keys()].map(
      (of) =>
        [
          of,
          newest.filter(({ place: partition }) => partition === of).map(({ event, time }) => [event, time] as const),
        ] as const,
    ),
  }
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

  constructor(sink: AwaitedSink | undefined) {
    this.#sink = sink
  }

  begin(before: unknown): void {
    this.#state = before
    this.#last = this.#done = undefined
  }

  appended(last: Appended): void {
    this.#last = last
  }

  state(known: () => CheckpointRecord): unknown {
    if (this.#sink === undefined || (this.#last !== undefined && this.#last === this.#done)) this.#state = known()
    return this.#state
  }

  async follow(known: () => CheckpointRecord, { timers }: Pick<Host, 'timers'>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) if (!(await this.#settle(known, signal))) await timers.sleep(checkMs, signal)
    const parting = new AbortController()
    const timer = timers.after(graceMs, () => {
      parting.abort()
    })
    await this.#settle(known, parting.signal).finally(() => {
      timer.cancel()
    })
  }

  async #settle(known: () => CheckpointRecord, signal: AbortSignal): Promise<boolean> {
    const last = this.#last
    if (this.#sink === undefined || last === undefined || last === this.#done) return false
    const state = known()
    if ((await this.#sink.settled(last, signal)) !== 'settled') return false
    ;[this.#state, this.#done] = [state, last]
    return true
  }
}
