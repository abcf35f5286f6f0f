import type { BatchTransform, SinkPiece, Transformed, TransformOutput } from '../../engine/contracts.ts'
import type { Chosen } from '../../engine/delivery/route.ts'
import { batchTransform } from '../../engine/sources/derive.ts'
import { loadTransform } from '../../components/registry.ts'
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import type { FrameHeader } from '../../journal/types.ts'
import { frameHeader } from '../../journal/frame-header.ts'
import type { Batch, BatchKind } from '../../model/batches.ts'
import { messageOf } from '../../model/errors.ts'
import { transformTools } from '../transforms.ts'
import type { TransformCounts } from './report.ts'
import { contentKeys, keyAt, piecesOf, type RowKey, type RowKeys, type RowStream } from './row-keys.ts'

type Note = (key: RowKey, reason: string) => void

/** A transform that returns its rows instead of writing them to the journal. */
export class RehearsedTransform {
  readonly id: string
  readonly type: string
  readonly accepts: readonly BatchKind[]
  readonly counts: TransformCounts = { taken: 0, made: 0, filtered: {} }
  readonly #transform: BatchTransform

  private constructor({ id, type }: SinkEntry, accepts: readonly BatchKind[], transform: BatchTransform) {
    this.id = id
    this.type = type
    this.accepts = accepts
    this.#transform = transform
    transform.windows?.begin({ sequence: 0, row: 0, time: 0 })
  }

  static async open(entry: SinkEntry): Promise<RehearsedTransform> {
    const definition = await loadTransform(entry.type)
    const built = definition.build(entry.settings, await transformTools(), entry.id)
    const transform = 'take' in built ? built : batchTransform(built)
    return new RehearsedTransform(entry, definition.accepts ?? ['events'], transform)
  }

  /** `seen`: contents of the rows of the same frame. */
  take(stream: RowStream, chosen: Chosen, seen: Map<string, number>, note: Note): readonly RowStream[] {
    const { header, keys } = stream
    const streams: RowStream[] = []
    this.counts.taken += chosen.rows.length
    this.#transform.windows?.at({ sequence: header.sequence, row: header.firstRow })
    for (const piece of piecesOf({ header, batch: chosen.batch, keys }, chosen.rows)) {
      const { outputs, failures } = this.#taken(piece)
      const filtered = new Set<number>()
      for (const failure of failures)
        for (const index of failure.is === 'filter' ? failure.rows : [failure.index]) {
          filtered.add(index)
          this.#filter(failure.reason, 1)
          note(keyAt(keys, piece.rows[index] ?? 0), `transform ${this.id}: ${failure.reason}`)
        }
      const passedRows = [...piece.rows].filter((_, index) => !filtered.has(index))
      const isStated = outputs.some(({ rows }) => rows !== undefined)
      for (const output of outputs)
        if (output.batch.count > 0)
          streams.push(this.#made(output, { header, seen, keys: keysOf(output, isStated ? [] : passedRows, keys) }))
    }
    return streams
  }

  /** A delivery would repeat rows on which a transform throws: here they have no result. */
  #taken(piece: SinkPiece): Transformed {
    try {
      return this.#transform.take(piece)
    } catch (error) {
      const rows = Uint32Array.from(piece.rows, (_, index) => index)
      return { outputs: [], failures: [{ index: 0, is: 'filter', reason: `failed: ${messageOf(error)}`, rows }] }
    }
  }

  /** Ends the windows that are due. */
  close(now: number, sequence: number, seen: Map<string, number>): readonly RowStream[] {
    const outputs: RowStream[] = []
    const { windows } = this.#transform
    const header = frameHeader({ sequence, kind: 'flows', source: this.id, count: 0, received: now })
    for (let [due, before] = [windows?.due(), -Infinity]; due !== undefined && due <= now && due > before;) {
      for (const output of windows?.close(due) ?? [])
        if (output.batch.count > 0)
          outputs.push(this.#made(output, { header: { ...header, received: due }, seen, keys: undefined }))
      ;[due, before] = [windows?.due(), due]
    }
    return outputs
  }

  /** Ends all windows. */
  end(sequence: number, received: number, seen: Map<string, number>): readonly RowStream[] {
    const dueTime = this.#transform.windows?.due()
    return dueTime === undefined ? [] : this.close(Math.max(dueTime, received) + lastMs, sequence, seen)
  }

  #made(
    { to, batch }: TransformOutput,
    { header, seen, keys }: Readonly<{ header: FrameHeader; seen: Map<string, number>; keys: RowKeys }>,
  ): RowStream {
    const source = to === '' ? this.id : `${this.id}.${to}`
    this.counts.made += batch.count
    const { sequence, received } = header
    const outputBatch: Batch = batch.kind === 'flows' ? { ...batch, derived: true } : batch
    return {
      header: frameHeader({ sequence, received, source, kind: batch.kind, count: batch.count }),
      batch: outputBatch,
      keys: keys ?? contentKeys(outputBatch, seen),
    }
  }

  #filter(reason: string, rows: number) {
    this.counts.filtered[reason] = (this.counts.filtered[reason] ?? 0) + rows
  }
}

/** A time longer than every window. */
const lastMs = 30 * 24 * 3600_000

/** Keys of the output rows. Undefined: no row of the output is made of exactly one row. */
function keysOf({ batch, rows }: TransformOutput, passed: readonly number[], keys: RowKeys): RowKeys {
  if (rows !== undefined) return Array.from(rows, (row) => keyAt(keys, row))
  return batch.count === passed.length ? passed.map((row) => keyAt(keys, row)) : undefined
}
