/** Each unit has the input position as cursor, so that repeated ranges are recognized. */
import type { Unit } from '../../journal/types.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import type { Failure } from '../../model/outcome.ts'
import type { Sink, SinkBatch, SinkDefinition, Transform, TransformDefinition } from '../contracts.ts'
import { eventUnit } from './append-events.ts'

/** Last input row. */
interface Place {
  readonly sequence: number
  readonly row: number
}

export interface DerivedJournal {
  append(unit: Unit): Promise<unknown>
  /** Undefined before its first unit. */
  cursor(id: string): Promise<Uint8Array | undefined>
}

export interface DeriveOptions {
  /** Of the transform and the derived source. */
  readonly id: string
  readonly transform: Transform
  readonly journal: DerivedJournal
}

export function derivedBy<Config>(
  definition: TransformDefinition<Config>,
  journal: DerivedJournal,
): SinkDefinition<Config> {
  return {
    type: definition.type,
    accepts: ['events'],
    idempotency: 'transactional',
    build: (settings, { id }) => Promise.resolve(deriveSink({ id, transform: definition.build(settings), journal })),
  }
}

export function deriveSink({ id, transform, journal }: DeriveOptions): Sink {
  let reached: Place | undefined

  return {
    async send(batch) {
      // A predecessor may still be writing before.
      reached ??= placeOf(await journal.cursor(id))
      const { events, failures, last, received } = run(batch, transform, batch.retried ? undefined : reached)
      if (last === undefined) return failures
      const place = batch.retried ? reached : last
      const cursor = new TextEncoder().encode(JSON.stringify(place))
      await journal.append({ source: id, ...eventUnit(id, events, received, { cursor }) })
      reached = place
      return failures
    },
    close: () => Promise.resolve(),
  }
}

function placeOf(cursor: Uint8Array | undefined): Place {
  return cursor === undefined ? { sequence: 0, row: -1 } : (JSON.parse(new TextDecoder().decode(cursor)) as Place)
}

interface Derived {
  readonly events: WeirEvent[]
  readonly failures: Failure[]
  /** Undefined if every row was derived before. */
  readonly last: Place | undefined
  readonly received: number
}

function run(batch: SinkBatch, transform: Transform, reached: Place | undefined): Derived {
  const events: WeirEvent[] = []
  const failures: Failure[] = []
  let last: Place | undefined
  let received = 0
  let index = -1
  for (const { header, batch: rows, rows: chosen, firstRow } of batch.pieces) {
    for (const row of chosen) {
      index++
      const place = { sequence: header.sequence, row: firstRow + row }
      const known =
        reached !== undefined &&
        (place.sequence < reached.sequence || (place.sequence === reached.sequence && place.row <= reached.row))
      if (rows.kind !== 'events') continue
      const outcome = transform.apply(eventAt(rows, row))
      // Deterministic: a repeated range gives the same ledger.
      if (outcome.is !== 'pass') failures.push({ index, is: outcome.is, reason: outcome.reason })
      if (known) continue
      last = place
      received = Math.max(received, header.received)
      if (outcome.is === 'pass') events.push(outcome.event)
    }
  }
  return { events, failures, last, received }
}
