/** Each unit has the input position as cursor, so that repeated ranges are recognized. */
import { encodeBatch, timeRange } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import type { Batch, FlowBatch } from '../../model/batches.ts'
import { isPresent } from '../../model/columns.ts'
import { concatBatches } from '../../model/concat.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../../model/events.ts'
import type { Failure } from '../../model/outcome.ts'
import { stableId } from '../../model/positions.ts'
import type {
  BatchTransform,
  Sink,
  SinkBatch,
  SinkDefinition,
  SinkPiece,
  Transform,
  Transformed,
  TransformDefinition,
  TransformOutput,
  TransformTools,
} from '../contracts.ts'
import { Derivations } from './derivations.ts'
import { derivedWindows, type Tick } from './derived-windows.ts'

export type Place = Readonly<{
  sequence: number
  row: number
}>

interface Cursor extends Place {
  /** Times at which windows were closed without a row. */
  readonly ticks?: readonly Tick[]
  /** Stable ids of the dead letters that were derived last. */
  readonly redriven?: readonly string[]
  /** Memory of the transform, as text. */
  readonly memo?: string
}

export interface DerivedJournal {
  append(unit: Unit): Promise<unknown>
  cursor(id: string): Promise<Uint8Array | undefined>
}

export type LoadedTransform = (journal: DerivedJournal) => SinkDefinition<unknown>

type DeriveOptions = Readonly<{
  id: string
  transform: Transform | BatchTransform
  journal: DerivedJournal
  outputs?: readonly string[]
}>

export function derivedBy<Config>(
  definition: TransformDefinition<Config>,
  journal: DerivedJournal,
  tools: TransformTools,
): SinkDefinition<Config> {
  return {
    type: definition.type,
    accepts: definition.accepts ?? ['events'],
    idempotency: 'transactional',
    build: (settings, { id }) =>
      Promise.resolve(
        deriveSink({
          id,
          transform: definition.build(settings, tools, id),
          journal,
          ...(definition.outputs === undefined ? {} : { outputs: definition.outputs(settings) }),
        }),
      ),
  }
}

function outputSource(id: string, output: string) {
  return output === '' ? id : `${id}.${output}`
}

const noPosition: Cursor = { sequence: 0, row: -1 }

interface Waiting {
  readonly key: string
  readonly units: readonly Readonly<{ to: string; unit: Unit; cursor: Cursor }>[]
  readonly failures: readonly Failure[]
  done: number
}

class DerivedSink {
  readonly #id: string
  readonly #transform: BatchTransform
  readonly #journal: DerivedJournal
  readonly #outputs: readonly string[]
  #cursors: Map<string, Cursor> | undefined
  #waiting: Waiting | undefined
  #last: Place = noPosition
  #memoIsNew = false
  readonly derivations = new Derivations()

  constructor({ id, transform, journal, outputs = [''] }: DeriveOptions) {
    this.#id = id
    this.#transform = 'take' in transform ? transform : batchTransform(transform)
    this.#journal = journal
    this.#outputs = outputs
  }

  async send(batch: SinkBatch): Promise<readonly Failure[]> {
    const cursors = await this.#reached()
    const key = keyOf(batch)
    // A transform with memory must take each row once: after a failed append its result is appended again.
    if (this.#waiting?.key !== key) {
      const first = this.#newMemo(cursors, batch.pieces[0]?.header.received)
      const derivedUnits = batch.retried ? this.#redrive(batch, key, cursors) : this.#derive(batch, key, cursors)
      this.#waiting = { ...derivedUnits, units: [...first, ...derivedUnits.units] }
    }
    const { failures } = this.#waiting
    await this.#append(this.#waiting)
    this.#waiting = undefined
    this.derivations.show()
    return failures
  }

  async tick(outputs: readonly TransformOutput[], now: number, ticks: readonly Tick[]): Promise<void> {
    const cursors = await this.#reached()
    const key = `tick ${now}`
    if (this.#waiting?.key !== key) {
      const { sequence, row } = this.#last
      const all = [...ticks, { sequence, row, at: now }].slice(-keptTicks)
      const units = groupOutputs(outputs.map((output) => ({ ...output, received: now, last: this.#last }))).map(
        ({ to, batches, received }) => {
          const cursor = this.#remembered({ ...(cursors.get(to) ?? noPosition), ticks: all })
          return { to, cursor, unit: this.#unit(to, concatBatches(batches), received, cursor) }
        },
      )
      this.#waiting = { key, units: [...this.#newMemo(cursors, now), ...units], failures: [], done: 0 }
      if (outputs.length > 0) this.derivations.add(undefined, { outputs, failures: [] })
    }
    await this.#append(this.#waiting)
    this.#waiting = undefined
    this.derivations.show()
  }

  async ticks(): Promise<readonly Tick[]> {
    const cursors = await this.#reached()
    return [...cursors.values()].flatMap(({ ticks = [] }) => ticks)
  }

  async memo(): Promise<string | undefined> {
    return (await this.#reached()).get(this.#outputs[0] ?? '')?.memo
  }

  /** The memo is recorded with the next rows, before any result of these. */
  recordMemo(): void {
    this.#memoIsNew = true
  }

  restored(pieces: readonly SinkPiece[], take: (piece: SinkPiece) => void): void {
    for (const piece of pieces) {
      take(piece)
      this.#last = { sequence: piece.header.sequence, row: piece.firstRow + (piece.rows.at(-1) ?? 0) }
    }
  }

  async #append(waiting: Waiting) {
    try {
      while (waiting.done < waiting.units.length) {
        const next = waiting.units[waiting.done]
        if (next === undefined) break
        // The journal takes over the buffer.
        await this.#journal.append({ ...next.unit, raw: next.unit.raw.slice() })
        this.#cursors?.set(next.to, next.cursor)
        waiting.done++
      }
      this.#memoIsNew = false
    } catch (error) {
      const { units, done } = waiting
      await this.#skipAppended(units[done], waiting).catch(() => undefined)
      throw error
    }
  }

  /** After an unclear outcome the journal's cursor decides. */
  async #skipAppended(next: Waiting['units'][number] | undefined, waiting: Waiting) {
    if (next === undefined) return
    const cursor = cursorOf(await this.#journal.cursor(outputSource(this.#id, next.to)))
    if (JSON.stringify(cursor) !== JSON.stringify(next.cursor)) return
    this.#cursors?.set(next.to, next.cursor)
    waiting.done++
  }

  async #reached(): Promise<Map<string, Cursor>> {
    if (this.#cursors !== undefined) return this.#cursors
    // Not read at the start, because a predecessor may still write to the outputs.
    const results = new Map<string, Cursor>()
    for (const output of this.#outputs)
      results.set(output, cursorOf(await this.#journal.cursor(outputSource(this.#id, output))))
    return (this.#cursors = results)
  }

  #derive(batch: SinkBatch, key: string, cursors: ReadonlyMap<string, Cursor>): Waiting {
    const failures: Failure[] = []
    const newOutputs: Fresh[] = []
    const places = [...cursors.values()]
    let base = 0
    for (const piece of batch.pieces)
      for (const part of split(piece, places).flatMap((pieceOfPlace) => this.derivations.parts(pieceOfPlace))) {
        const last = { sequence: part.header.sequence, row: part.firstRow + (part.rows.at(-1) ?? 0) }
        const transformed = this.#transform.take(part)
        const { outputs, failures: failuresOfPiece } = transformed
        this.derivations.add(part, transformed)
        failures.push(...failuresOfPiece.map((failure) => shifted(failure, base)))
        base += part.rows.length
        this.#last = last
        for (const output of outputs)
          if (output.batch.count > 0 && isAfter(last, cursors.get(output.to) ?? noPosition))
            newOutputs.push({ ...output, received: part.header.received, last })
      }
    const units = groupOutputs(newOutputs).map(({ to, batches, received, last }) => {
      const { ticks = [] } = cursors.get(to) ?? noPosition
      const cursor = this.#remembered({ ...last, ...(ticks.length === 0 ? {} : { ticks }) })
      return { to, cursor, unit: this.#unit(to, concatBatches(batches), received, cursor) }
    })
    return { key, units, failures, done: 0 }
  }

  /** Dead letters arrive out of order; those that were derived before a crash are known by their ids. */
  #redrive(batch: SinkBatch, key: string, cursors: ReadonlyMap<string, Cursor>): Waiting {
    const failures: Failure[] = []
    const newOutputs: Fresh[] = []
    const ids = new Map<string, string[]>()
    let base = 0
    for (const piece of batch.pieces) {
      const id = stableId(piece.header.source, piece.header.epoch, piece.header.sourceSequence, piece.firstRow)
      const { outputs, failures: failuresOfPiece } = this.#transform.take(piece)
      failures.push(...failuresOfPiece.map((failure) => shifted(failure, base)))
      base += piece.rows.length
      for (const output of outputs) {
        if (output.batch.count === 0 || cursors.get(output.to)?.redriven?.includes(id) === true) continue
        ids.set(output.to, [...(ids.get(output.to) ?? []), id])
        newOutputs.push({ ...output, received: piece.header.received, last: noPosition })
      }
    }
    const units = groupOutputs(newOutputs).map(({ to, batches, received }) => {
      const before = cursors.get(to) ?? noPosition
      const redriven = [...(before.redriven ?? []), ...(ids.get(to) ?? [])].slice(-maxRedriven)
      const cursor = this.#remembered({ ...before, redriven })
      return { to, cursor, unit: this.#unit(to, concatBatches(batches), received, cursor) }
    })
    return { key, units, failures, done: 0 }
  }

  #remembered(cursor: Cursor): Cursor {
    const memo = this.#transform.windows?.memo?.()
    return memo === undefined ? cursor : { ...cursor, memo }
  }

  #newMemo(cursors: ReadonlyMap<string, Cursor>, received = 0): Waiting['units'] {
    if (!this.#memoIsNew) return []
    const firstOutput = this.#outputs[0] ?? ''
    const cursor = this.#remembered(cursors.get(firstOutput) ?? noPosition)
    return [{ to: firstOutput, cursor, unit: this.#unit(firstOutput, undefined, received, cursor) }]
  }

  #unit(to: string, batch: Batch | undefined, received: number, cursor: Cursor): Unit {
    const source = outputSource(this.#id, to)
    const body =
      batch === undefined
        ? ({ kind: 'empty', count: 0, raw: new Uint8Array(0), timeMin: Number.NaN, timeMax: Number.NaN } as const)
        : {
            kind: batch.kind,
            count: batch.count,
            raw: encodeBatch(batch.kind === 'flows' ? { ...batch, derived: true } : batch),
            ...(batch.kind === 'events' ? timeRange(batch.time) : flowTimes(batch)),
          }
    return { source, stream: source, received, ...body, cursor: new TextEncoder().encode(JSON.stringify(cursor)) }
  }
}

/** More than can happen between two stored positions of the sink. */
const keptTicks = 4
/** More rows than delivery redrives between two marks. */
const maxRedriven = 200

export function deriveSink(options: DeriveOptions): Sink {
  const sink = new DerivedSink(options)
  const windows = 'take' in options.transform ? options.transform.windows : undefined
  return {
    send: (batch) => sink.send(batch),
    watch: (listener) => sink.derivations.watch(listener),
    close: () => Promise.resolve(sink.derivations.close()),
    ...(windows === undefined || !('take' in options.transform)
      ? {}
      : { windows: derivedWindows(sink, options.transform, windows) }),
  }
}

export type DerivedTicks = Pick<DerivedSink, 'tick' | 'ticks' | 'restored' | 'memo' | 'recordMemo'>

function cursorOf(cursor: Uint8Array | undefined) {
  return cursor === undefined ? noPosition : (JSON.parse(new TextDecoder().decode(cursor)) as Cursor)
}

function isAfter(a: Place, b: Place) {
  return a.sequence > b.sequence || (a.sequence === b.sequence && a.row > b.row)
}

function keyOf({ pieces, retried }: SinkBatch): string {
  const [first, last] = [pieces[0], pieces.at(-1)]
  const rows = pieces.reduce((sum, piece) => sum + piece.rows.length, 0)
  const at = (piece: SinkPiece | undefined, row: number | undefined) =>
    `${piece?.header.sequence ?? 0}/${(piece?.firstRow ?? 0) + (row ?? 0)}`
  return `${retried ? 'again ' : ''}${at(first, first?.rows[0])}-${at(last, last?.rows.at(-1))}*${rows}`
}

/** Cuts a piece after each place within it, so that no part has known and new rows. */
function split(piece: SinkPiece, places: readonly Place[]): SinkPiece[] {
  const { rows, header, firstRow } = piece
  const cuts = places
    .filter(({ sequence }) => sequence === header.sequence)
    .map(({ row }) => rows.findIndex((number) => firstRow + number > row))
    .filter((cut) => cut > 0)
  const bounds = [...new Set([0, ...cuts, rows.length])].sort((a, b) => a - b)
  return bounds.slice(1).map((end, index) => ({ ...piece, rows: rows.subarray(bounds[index], end) }))
}

function shifted(failure: Failure, by: number): Failure {
  const index = failure.index + by
  return failure.is === 'filter'
    ? { ...failure, index, rows: failure.rows.map((row) => row + by) }
    : { ...failure, index }
}

interface Fresh extends TransformOutput {
  readonly received: number
  readonly last: Place
}

interface Group {
  readonly to: string
  readonly batches: Batch[]
  received: number
  last: Place
}

/** Groups rows by output and by runs of one kind, because a unit has rows of one kind. */
function groupOutputs(fresh: readonly Fresh[]): readonly Group[] {
  const groups: Group[] = []
  const openGroups = new Map<string, Group>()
  for (const { to, batch, received, last } of fresh) {
    let group = openGroups.get(to)
    if (group === undefined || group.batches[0]?.kind !== batch.kind) {
      group = { to, batches: [], received, last }
      openGroups.set(to, group)
      groups.push(group)
    }
    group.batches.push(batch)
    group.received = Math.max(group.received, received)
    group.last = last
  }
  return groups
}

function flowTimes({ columns, count }: FlowBatch): Readonly<{ timeMin: number; timeMax: number }> {
  const { time_start: starts, time_end: ends } = columns
  let [timeMin, timeMax] = [Number.NaN, Number.NaN]
  if (starts?.kind === 'time' && ends?.kind === 'time')
    for (let row = 0; row < count; row++) {
      if (isPresent(starts.valid, row)) timeMin = lesser(timeMin, starts.values[row] ?? Number.NaN)
      if (isPresent(ends.valid, row)) timeMax = -lesser(-timeMax, -(ends.values[row] ?? Number.NaN))
    }
  return { timeMin, timeMax }
}

/** The lesser number; NaN is ignored. */
function lesser(a: number, b: number) {
  return Number.isNaN(a) || b < a ? b : a
}

export function batchTransform(transform: Transform): BatchTransform {
  return {
    take({ batch, rows }): Transformed {
      if (batch.kind !== 'events') return { outputs: [], failures: [] }
      const events: WeirEvent[] = []
      const failures: Failure[] = []
      const filtered = new Map<string, number[]>()
      rows.forEach((row, index) => {
        const outcome = transform.apply(eventAt(batch, row))
        if (outcome.is === 'pass') events.push(outcome.event)
        else if (outcome.is === 'filter') filtered.set(outcome.reason, [...(filtered.get(outcome.reason) ?? []), index])
        else failures.push({ index, is: outcome.is, reason: outcome.reason })
      })
      for (const [reason, rows] of filtered)
        failures.push({ index: rows[0] ?? 0, is: 'filter', reason, rows: Uint32Array.from(rows) })
      return { outputs: [{ to: '', batch: toEventBatch(events) }], failures }
    },
  }
}
