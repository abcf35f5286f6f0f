import type { Sink, SinkBatch, SinkDefinition } from '../../../src/engine/contracts.ts'
import { eventId } from '../../../src/model/events.ts'
import type { Failure } from '../../../src/model/outcome.ts'
import { stableId } from '../../../src/model/positions.ts'
import type { SeededRandom } from '../../kit/random.ts'
import type { Mood } from './operations.ts'

export interface Seen {
  readonly id: string
  /** Stable id of the row. */
  readonly position: string
  /** Sequence of its frame. */
  readonly sequence: number
  readonly key: string
}

export interface Attempt {
  readonly life: number
  readonly token: string
  readonly rows: readonly Seen[]
}

/** The target of a sink: it survives every crash and records all received rows. */
export class OtherSide {
  mood: Mood = 'accept'
  life = 0
  readonly taken: Seen[] = []
  readonly attempts: Attempt[] = []
  /** Stable ids that were rejected at some time. */
  readonly rejected = new Set<string>()
  readonly failed = new Set<string>()
  readonly #random: SeededRandom
  #wake: () => void = () => {}

  constructor(random: SeededRandom) {
    this.#random = random
  }

  turn(mood: Mood): void {
    this.mood = mood
    this.#wake()
  }

  definition(idempotency: SinkDefinition<unknown>['idempotency']): SinkDefinition<unknown> {
    const build = (): Promise<Sink> => {
      const { life } = this
      return Promise.resolve({
        send: async (batch, signal) => {
          if (life !== this.life) throw new Error('this process is gone')
          return this.#answer(batch, signal)
        },
        close: () => Promise.resolve(),
      })
    }
    return { type: 'other-side', accepts: ['events'], idempotency, build }
  }

  async #answer(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> {
    const rows = seenOf(batch)
    if (rows.length !== batch.count) throw new Error(`a batch of ${batch.count} has ${rows.length} rows`)
    this.attempts.push({ life: this.life, token: batch.token, rows })
    while (this.mood === 'hang') {
      for (const row of rows) this.failed.add(row.position)
      if (signal.aborted) throw new Error('gave up waiting')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    switch (this.mood) {
      case 'away':
        for (const row of rows) this.failed.add(row.position)
        throw new Error('connection refused')
      case 'half':
        this.taken.push(...rows.slice(0, this.#random.integer(0, rows.length)))
        for (const row of rows) this.failed.add(row.position)
        throw new Error('connection reset')
      case 'flaky':
        return this.#flaky(rows)
      case 'reject':
        for (const row of rows) this.rejected.add(row.position)
        return rows.map((_, index) => ({ index, is: 'reject', reason: 'not wanted' }))
      default:
        this.taken.push(...rows)
        return []
    }
  }

  /** One outcome per row; after a failed row, later ones of its key are not accepted. */
  #flaky(rows: readonly Seen[]): Failure[] {
    const failures: Failure[] = []
    const failed = new Set<string>()
    rows.forEach((row, index) => {
      const drawn = this.#random.next()
      if (failed.has(row.key) || drawn < 0.3) failures.push({ index, is: 'retry', reason: 'busy' })
      else if (drawn < 0.5) {
        failures.push({ index, is: 'reject', reason: 'poison' })
        this.rejected.add(row.position)
      } else return void this.taken.push(row)
      this.failed.add(row.position)
      failed.add(row.key)
    })
    return failures
  }
}

function seenOf(batch: SinkBatch): Seen[] {
  return batch.pieces.flatMap(({ header, batch: events, rows, firstRow }) => {
    if (events.kind !== 'events') throw new Error('a sink of events was given flows')
    return [...rows].map((row) => ({
      id: eventId(events, row),
      position: stableId(header.source, header.epoch, header.sourceSequence, firstRow + row),
      sequence: header.sequence,
      key: events.dictionary[events.key[row] ?? 0] ?? '',
    }))
  })
}
