import { hash } from 'node:crypto'
import type { SinkPiece } from '../engine/contracts.ts'
import { sinkRows, type FlowForm, type SinkRow } from '../engine/delivery/rows.ts'
import { ByteBuffer, type RowWriter } from '../model/byte-buffer.ts'
import { stableId } from '../model/positions.ts'
import type { OutMessage } from './message-sink.ts'
import type { FlowPiece, PackForm, PackFormat } from './pack-forms.ts'

export type PackConfig = Readonly<{
  rows: number
  bytes: number
  format: PackFormat
}>

/** Encoded rows of one source, in order. */
class Block {
  readonly source: string
  readonly first: FlowPiece
  readonly out: ByteBuffer
  /** Index of each row in the batch, and the end of its bytes. */
  readonly indexes: number[] = []
  readonly ends: number[] = []
  /** Place of each row: epoch, sequence of its frame, and number in the frame. */
  readonly places: number[] = []

  constructor(first: FlowPiece, room: number) {
    this.source = first.header.source
    this.first = first
    this.out = new ByteBuffer(room)
  }

  add(piece: FlowPiece, row: number, index: number, write: RowWriter): void {
    const { epoch, sourceSequence } = piece.header
    write(row, this.out)
    this.indexes.push(index)
    this.ends.push(this.out.at)
    this.places.push(epoch, sourceSequence, piece.firstRow + row)
  }
}

/** The rows of one message. */
export class Pack {
  readonly #block: Block
  readonly #from: number
  readonly #to: number

  constructor(block: Block, from = 0, to = block.indexes.length) {
    this.#block = block
    this.#from = from
    this.#to = to
  }

  get count(): number {
    return this.#to - this.#from
  }

  /** In the batch. */
  get indexes(): readonly number[] {
    return this.#block.indexes.slice(this.#from, this.#to)
  }

  get bytes(): Uint8Array {
    const { ends, out } = this.#block
    return out.slice(this.#from === 0 ? 0 : ends[this.#from - 1], ends[this.#to - 1])
  }

  get lastId(): string {
    const { source, places } = this.#block
    const [epoch = 0, sequence = 0, row = 0] = places.slice(3 * (this.#to - 1), 3 * this.#to)
    return stableId(source, epoch, sequence, row)
  }

  /** Equal for the same rows in every attempt. */
  get id(): string {
    const { source, places } = this.#block
    const numbers = Float64Array.from(places.slice(3 * this.#from, 3 * this.#to))
    return hash('sha256', Buffer.concat([Buffer.from(source), new Uint8Array(numbers.buffer)]), 'base64url')
  }

  row(form: FlowForm): SinkRow {
    const { first } = this.#block
    const piece: SinkPiece = { ...first, rows: first.rows.subarray(0, 1) }
    const [row] = sinkRows({ token: '', count: 1, pieces: [piece], retried: false }, form)
    if (row === undefined) throw new Error('a piece without rows')
    return row
  }

  halves(): Pack[] {
    const middle = this.#from + Math.ceil(this.count / 2)
    return [new Pack(this.#block, this.#from, middle), new Pack(this.#block, middle, this.#to)]
  }
}

type PackerOptions = Readonly<{
  config: PackConfig
  form: PackForm
  flows: FlowForm
}>

/** Bounds depend on the number of rows; only a pack above the limit of bytes is halved, so that its neighbours stay. */
export class FlowPacker {
  readonly #options: PackerOptions
  /** Last rows of packs that are sent again: without them, a retry of some packs would have other bounds. */
  #bounds: ReadonlySet<string> = new Set()
  #room = 4096

  constructor(options: PackerOptions) {
    this.#options = options
  }

  keepBounds(packs: readonly Pack[]): void {
    this.#bounds = new Set(packs.map(({ lastId }) => lastId))
  }

  *packs(pieces: readonly SinkPiece[]): Generator<Pack> {
    const { rows: most } = this.#options.config
    const open = new Map<string, Block>()
    let index = 0
    for (const piece of flowPieces(pieces)) {
      const write = this.#options.form.writer(piece)
      const { source } = piece.header
      for (const [at, row] of piece.rows.entries()) {
        let block = open.get(source)
        if (block === undefined) {
          block = new Block(at === 0 ? piece : { ...piece, rows: piece.rows.subarray(at) }, this.#room)
          open.set(source, block)
        }
        block.add(piece, row, index++, write)
        if (block.indexes.length < most && !this.#isBound(piece, row)) continue
        open.delete(source)
        yield* this.#cut(block)
      }
    }
    for (const block of open.values()) yield* this.#cut(block)
  }

  message(pack: Pack): OutMessage {
    const { form, flows } = this.#options
    return {
      attributes: {},
      facts: { type: flows.type, family: 'flow', rows: String(pack.count) },
      contentType: form.contentType,
      body: form.body(pack.bytes),
      id: pack.id,
      key: undefined,
      row: pack.row(flows),
      index: pack.indexes[0] ?? 0,
    }
  }

  *#cut(block: Block): Generator<Pack> {
    this.#room = block.out.bytes.length
    yield* this.#fitting(new Pack(block))
  }

  *#fitting(pack: Pack): Generator<Pack> {
    if (pack.count === 1 || pack.bytes.length <= this.#options.config.bytes) yield pack
    else for (const half of pack.halves()) yield* this.#fitting(half)
  }

  #isBound({ header: { source, epoch, sourceSequence }, firstRow }: FlowPiece, row: number) {
    return this.#bounds.size > 0 && this.#bounds.has(stableId(source, epoch, sourceSequence, firstRow + row))
  }
}

function flowPieces(pieces: readonly SinkPiece[]): FlowPiece[] {
  return pieces.flatMap(({ header, batch, rows, firstRow }) =>
    batch.kind === 'flows' && rows.length > 0 ? [{ header, batch, rows, firstRow }] : [],
  )
}
