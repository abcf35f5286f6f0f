import { constants, zstdCompressSync } from 'node:zlib'
import { largestZstd } from '../model/zstd.ts'
import { encodeHeader, largestBody } from './frame.ts'
import { checkpointStream, encodeCheckpoint, journalSource } from './checkpoint.ts'
import { emptyTotals } from './recover.ts'
import type { Appended, FrameHeader, SourceTotals, Unit } from './types.ts'

type Packed = Readonly<{
  body: Uint8Array
  zstd: boolean
}>

/** Below it, bodies stay uncompressed: a context costs 20 us, and a single event shrinks by a third at most. */
const worthCompressing = { flows: 256, events: 2048, empty: 2048 } as const
const nothing = new Uint8Array(0)

const params = { [constants.ZSTD_c_compressionLevel]: 1 }

export function pack(raw: Uint8Array, kind: Unit['kind']): Packed {
  if (raw.length < worthCompressing[kind]) return { body: raw, zstd: false }
  const packed = zstdCompressSync(raw, { params, chunkSize: largestZstd(raw.length) })
  return packed.length < raw.length ? { body: packed, zstd: true } : { body: raw, zstd: false }
}

export type CopiedFrame = Readonly<{
  header: FrameHeader
  zstd: boolean
  body: Uint8Array
  /** Default: the next one. */
  sequence?: number
  cursor?: Uint8Array
}>

export interface Counters {
  sequence: number
  row: number
  /** Rows before the next header may be missing uncounted. */
  afterLoss: boolean
}

export class FrameGroup {
  readonly pieces: Uint8Array[] = []
  readonly changed = new Map<string, SourceTotals>()
  readonly counters: Counters
  readonly #epoch: number
  readonly #totals: ReadonlyMap<string, SourceTotals>

  constructor(counters: Readonly<Counters>, epoch: number, totals: ReadonlyMap<string, SourceTotals>) {
    this.counters = { ...counters }
    this.#epoch = epoch
    this.#totals = totals
  }

  get bytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  add(unit: Unit, { body, zstd }: Packed): Appended {
    const before = this.changed.get(unit.source) ?? this.#totals.get(unit.source) ?? emptyTotals()
    const after = advance(before, unit)
    const parts = Math.max(1, Math.ceil(body.length / largestBody))
    for (let part = 0; part < parts; part++) {
      const piece = body.subarray(part * largestBody, (part + 1) * largestBody)
      const last = part === parts - 1
      const header = encodeHeader(
        {
          ...this.#position(),
          kind: unit.kind,
          more: !last,
          part,
          zstd,
          source: unit.source,
          stream: unit.stream,
          sourceSequence: after.sequence,
          sourceRows: before.accepted,
          sourceDuplicates: after.duplicates,
          sourceShed: after.shed,
          count: last ? unit.count : 0,
          received: unit.received,
          timeMin: unit.timeMin,
          timeMax: unit.timeMax,
          rawBytes: unit.raw.length,
          ...(last && unit.cursor !== undefined ? { cursor: unit.cursor } : {}),
        },
        piece,
      )
      this.pieces.push(header, piece)
    }
    this.counters.row += unit.count
    this.changed.set(unit.source, after)
    const { sequence, row } = this.counters
    return { position: { sequence, row }, epoch: this.#epoch, sourceSequence: after.sequence }
  }

  copy({ header, zstd, body: whole, sequence, cursor }: CopiedFrame): Appended {
    // An empty frame's content is read from the original.
    const body = header.kind === 'empty' ? nothing : whole
    const { cursor: _, ...rest } = header
    if (sequence !== undefined) this.counters.sequence = sequence - 1
    const { firstRow, ...position } = this.#position()
    // Rows before the frame are uncountable.
    const encoded = encodeHeader(
      {
        ...rest,
        ...position,
        epoch: header.epoch,
        firstRow: sequence === undefined ? firstRow : 0,
        zstd,
        ...(cursor === undefined ? {} : { cursor }),
      },
      body,
    )
    this.pieces.push(encoded, body)
    if (!header.more) {
      this.counters.row += header.count
      const bytes = cursor ?? (this.changed.get(header.source) ?? this.#totals.get(header.source))?.cursor
      this.changed.set(header.source, {
        accepted: header.sourceRows + header.count,
        duplicates: header.sourceDuplicates,
        shed: { ...header.sourceShed },
        sequence: header.sourceSequence,
        ...(bytes === undefined ? {} : { cursor: bytes }),
      })
    }
    return {
      position: { sequence: this.counters.sequence, row: this.counters.row },
      epoch: header.epoch,
      sourceSequence: header.sourceSequence,
    }
  }

  addCheckpoint(received: number, ends: ReadonlyMap<string, number>, boot?: string): void {
    const header = encodeHeader(
      {
        ...this.#position(),
        kind: 'empty',
        more: false,
        part: 0,
        zstd: false,
        source: journalSource,
        stream: checkpointStream,
        sourceSequence: 0,
        sourceRows: 0,
        sourceDuplicates: 0,
        sourceShed: {},
        count: 0,
        received,
        timeMin: Number.NaN,
        timeMax: Number.NaN,
        rawBytes: 0,
        cursor: encodeCheckpoint(this.#totals, ends, boot),
      },
      nothing,
    )
    this.pieces.push(header)
  }

  #position(): { sequence: number; firstRow: number; afterLoss: boolean; epoch: number } {
    const { afterLoss, row } = this.counters
    this.counters.afterLoss = false
    return { sequence: ++this.counters.sequence, firstRow: row, afterLoss, epoch: this.#epoch }
  }
}

function advance(before: SourceTotals, unit: Unit): SourceTotals {
  const shed = { ...before.shed }
  for (const [reason, rows] of Object.entries(unit.shed ?? {})) shed[reason] = (shed[reason] ?? 0) + rows
  const cursor = unit.cursor ?? before.cursor
  return {
    accepted: before.accepted + unit.count,
    duplicates: before.duplicates + (unit.duplicates ?? 0),
    shed,
    sequence: before.sequence + 1,
    ...(cursor === undefined ? {} : { cursor }),
  }
}
