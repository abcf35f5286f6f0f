import type { Ledger } from '../../../src/engine/control.ts'
import type { StoredDeadLetter } from '../../../src/engine/delivery/dead-letters.ts'
import type { Frame } from '../../../src/journal/types.ts'
import { decodeBatch } from '../../../src/journal/bodies.ts'
import { eventId, toEventBatch } from '../../../src/model/events.ts'
import { encodeBatch } from '../../../src/journal/bodies.ts'
import { stableId } from '../../../src/model/positions.ts'
import type { Unit } from '../../../src/journal/types.ts'
import { must, violated } from '../reference.ts'
import type { UnitShape } from './operations.ts'
import { sinks, sources, types } from './operations.ts'
import type { OtherSide, Seen } from './other-side.ts'

export interface ModelRow {
  readonly id: string
  readonly source: string
  readonly type: string
  /** Acknowledged. */
  promised: boolean
  /** A push was refused: the row may be in the journal all the same, and another push may be a second copy. */
  doubtful: boolean
  /** A flipped bit removed it from the journal, or its dead letter. */
  damaged: boolean
}

export interface ModelUnit {
  readonly unit: Unit
  readonly rows: readonly ModelRow[]
}

export interface StoredRow {
  readonly id: string
  readonly source: string
  readonly position: string
}

/** Invariants of journal, store and sinks, derived only from calls, responses and received rows. */
export class Reference {
  readonly units: ModelUnit[] = []
  readonly #rows = new Map<string, ModelRow>()
  /** The event of each stable id. */
  readonly #places = new Map<string, string>()
  readonly #stored = new Map<string, string>()
  #flips = 0

  make(shape: UnitShape, now: number): ModelUnit {
    const source = sources[shape.source] ?? sources[0]
    const index = this.units.length
    const rows = Array.from({ length: shape.rows }, (_, row): ModelRow => ({
      id: `u${index}.${row}`,
      source,
      type: types[(shape.type + row) % 2] ?? types[0],
      promised: false,
      doubtful: false,
      damaged: false,
    }))
    for (const row of rows) this.#rows.set(row.id, row)
    const batch = toEventBatch(
      rows.map(({ id, type }) => ({ id, source: `/${source}`, type, key: `k${shape.key}`, encoding: 'none' as const })),
    )
    const unit: Unit = {
      source,
      stream: source,
      kind: rows.length === 0 ? 'empty' : 'events',
      count: rows.length,
      raw: rows.length === 0 ? new Uint8Array(0) : encodeBatch(batch).slice(),
      received: now,
      timeMin: Number.NaN,
      timeMax: Number.NaN,
      ...(source === 'alpha' ? {} : { cursor: new TextEncoder().encode(String(index)) }),
    }
    const made = { unit, rows }
    this.units.push(made)
    return made
  }

  /** A sync at start failed: the next start may read unacknowledged rows from a cache that is not on disk. */
  doubtAll(): void {
    for (const row of this.#rows.values()) if (!row.promised) row.doubtful = true
  }

  /** After a flipped bit some earlier rows are missing. */
  flip(before: readonly string[], after: readonly string[]): void {
    this.#flips++
    const left = new Set(after)
    for (const id of before) {
      const row = this.#rows.get(id)
      if (row !== undefined && !left.has(id)) row.damaged = true
    }
  }

  accept({ rows }: ModelUnit): void {
    for (const row of rows) row.promised = true
  }

  /** Refused, or its life ended during a failed sync. */
  doubt({ rows }: ModelUnit): void {
    for (const row of rows) row.doubtful = true
  }

  idsAt(positions: readonly string[]): string[] {
    return positions.map((position) => this.#places.get(position)).filter((id) => id !== undefined)
  }

  place(position: string, id: string): void {
    const there = this.#places.get(position)
    must(
      there === undefined || there === id || this.#rows.get(there)?.doubtful === true,
      () => `${position} was ${there} and is now ${id}`,
    )
    this.#places.set(position, id)
  }

  journal(frames: readonly Frame[]): void {
    for (const { header, ...frame } of frames.map((frame) => ({ header: frame.header, body: () => frame.body() }))) {
      if (header.kind !== 'events') continue
      const batch = decodeBatch('events', frame.body())
      if (batch.kind !== 'events') continue
      for (let row = 0; row < batch.count; row++)
        this.place(stableId(header.source, header.epoch, header.sourceSequence, row), eventId(batch, row))
    }
  }

  /** Checks the rows in the durable manifest. `caughtUp`: the store has read the whole journal since it was opened. */
  store(rows: readonly StoredRow[], caughtUp: boolean): void {
    const now = new Map<string, string>()
    for (const { id, source, position } of rows) {
      const row = this.#rows.get(id)
      if (row === undefined) violated(`the store holds ${id} of no event`)
      must(row.source === source, () => `the store holds ${id} as of ${source}`)
      must(!now.has(position), () => `the store holds ${position} twice`)
      now.set(position, id)
      this.place(position, id)
    }
    // A store with a damaged manifest reads the journal again from an earlier checkpoint.
    if (caughtUp || this.#flips === 0)
      for (const [position, id] of this.#stored) must(now.has(position), () => `the store has lost ${id} (${position})`)
    for (const [position, id] of now) this.#stored.set(position, id)
    const ids = new Set<string>()
    for (const id of now.values()) {
      const row = this.#rows.get(id)
      // A damaged journal shortens the duplicate window.
      must(
        !ids.has(id) || row?.doubtful === true || row?.damaged === true,
        () => `${id} was pushed again and the store holds it twice`,
      )
      ids.add(id)
    }
  }

  /** `givesUp`: rows that stay refused become dead letters. */
  sink(name: string, side: OtherSide, letters: readonly StoredDeadLetter[], givesUp: boolean): void {
    const buried = new Set(letters.map((letter) => letter.id))
    const tokens = new Map<string, string>()
    const firsts = new Map<string, { readonly life: number; readonly token: string }>()
    for (const { token, rows, life } of side.attempts) {
      const positions = rows.map((row) => row.position).join(' ')
      const known = tokens.get(token)
      must(
        known === undefined || known === positions,
        () => `token ${token} of sink ${name} named ${known} and then ${positions}`,
      )
      tokens.set(token, positions)
      for (const row of rows) {
        this.#routed(name, row)
        this.place(row.position, row.id)
        const first = firsts.get(row.position)
        if (buried.has(row.position)) continue
        // Each life first repeats the stored pending batch.
        if (first === undefined || first.life !== life) {
          must(
            first === undefined || first.token === token || this.#flips > 0,
            () =>
              `after a crash sink ${name} was sent ${row.position} with ${token} and not again with ${first?.token}`,
          )
          firsts.set(row.position, { life, token })
        }
      }
    }
    // A rejection that was not stored before the crash is sent again, after later rows.
    this.#inOrder(name, side, new Set([...buried, ...side.rejected, ...(givesUp ? side.failed : [])]))
  }

  #routed(name: string, { id }: Seen): void {
    const row = this.#rows.get(id)
    if (row === undefined) violated(`sink ${name} was sent ${id} of no event`)
    must(this.#takes(name, row), () => `sink ${name} was sent ${id}, which is not for it`)
  }

  #takes(name: string, row: ModelRow): boolean {
    return name === sinks[0] || (row.source !== 'gamma' && row.type === types[0])
  }

  /** First occurrences of one key arrive in journal order; redriven dead letters in any order. */
  #inOrder(name: string, side: OtherSide, buried: ReadonlySet<string>): void {
    const seen = new Set<string>()
    const last = new Map<string, Seen>()
    for (const row of side.taken) {
      if (seen.has(row.position) || buried.has(row.position)) continue
      seen.add(row.position)
      const before = last.get(row.key)
      const later =
        before === undefined ||
        before.sequence < row.sequence ||
        (before.sequence === row.sequence && rowOf(before) < rowOf(row))
      must(later, () => `sink ${name} was given ${row.position} after ${before?.position}, both of key ${row.key}`)
      last.set(row.key, row)
    }
  }

  /** Every promised row reached the store, and each sink or its dead letters. */
  finish(
    others: readonly OtherSide[],
    letters: readonly (readonly StoredDeadLetter[])[],
    ledger: Ledger,
    drop: boolean,
  ): void {
    const stored = new Set(this.#stored.values())
    for (const row of this.#rows.values()) {
      if (row.promised && !row.damaged) must(stored.has(row.id), () => `${row.id} was accepted and is not in the store`)
    }
    const places = new Map([...this.#places].map(([position, id]) => [id, position]))
    sinks.forEach((name, index) => {
      const taken = new Set(others[index]?.taken.map((row) => row.id))
      const buried = new Set(letters[index]?.map((letter) => letter.id))
      for (const row of this.#rows.values()) {
        if (!row.promised || row.damaged || drop || !this.#takes(name, row)) continue
        must(
          taken.has(row.id) || buried.has(places.get(row.id) ?? ''),
          () => `${row.id} was accepted and sink ${name} was never sent it`,
        )
      }
      const books = ledger.sinks.find((sink) => sink.name === name)
      const delivered = books?.delivered ?? 0
      const positions = new Set(others[index]?.taken.map((row) => row.position))
      must(
        delivered <= positions.size,
        () => `the ledger has ${delivered} rows delivered to sink ${name}, which took ${positions.size}`,
      )
    })
    const store = ledger.sinks.find((sink) => sink.name === 'store')
    must(
      store?.delivered === this.#stored.size,
      () => `the ledger has ${store?.delivered} rows in the store, which holds ${this.#stored.size}`,
    )
  }

  /** Accepted = filtered + routed, and routed = the sum of outcomes, when nothing is in progress. */
  ledger(ledger: Ledger, beganFull: boolean): void {
    must(
      ledger.balanced || (beganFull && this.#flips > 0),
      () => `the ledger does not balance: ${JSON.stringify(ledger)}`,
    )
    for (const { name, accepted } of ledger.sources) {
      const rows = [...this.#rows.values()].filter((row) => row.source === name)
      const promised = rows.filter((row) => row.promised && !row.damaged).length
      must(accepted >= promised, () => `the ledger has ${accepted} rows accepted of ${name}, ${promised} were promised`)
    }
    for (const sink of ledger.sinks) {
      for (const [what, rows] of Object.entries(sink))
        if (typeof rows === 'number') must(rows >= 0, () => `sink ${sink.name} has ${rows} ${what}`)
    }
  }
}

function rowOf({ position }: Seen): number {
  return Number(position.slice(position.lastIndexOf(':') + 1))
}
