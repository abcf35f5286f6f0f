/** Several documents per compressed block: a compressor call costs as much as ten documents. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { releaseBuffer } from '../../../model/release-buffer.ts'
import { withRoom } from '../../../model/growing.ts'
import type { Database, DatabaseStatement } from '../../../host/database.ts'

/** A block remains until its last document is replaced. */
const maxDocuments = 16
const maxBytes = 64 * 1024

type BlockSlot = Readonly<{
  block: number
  slot: number
}>

export class Blocks {
  readonly #write: DatabaseStatement
  readonly #read: DatabaseStatement
  readonly #drop: DatabaseStatement
  #live = new Uint8Array(64)
  readonly #free: number[] = []
  #last = 0
  #empty: number[] = []
  #open: Readonly<{ block: number; documents: Uint8Array[] }> | undefined
  #openBytes = 0
  #found: Readonly<{ block: number; bytes: Buffer }> | undefined

  constructor(database: Database) {
    database.exec('CREATE TABLE IF NOT EXISTS blocks (id INTEGER PRIMARY KEY, documents BLOB)')
    this.#write = database.prepare('INSERT OR REPLACE INTO blocks VALUES (?, ?)')
    this.#read = database.prepare('SELECT documents FROM blocks WHERE id = ?')
    this.#drop = database.prepare('DELETE FROM blocks WHERE id = ?')
  }

  retain(block: number): void {
    this.#last = Math.max(this.#last, block)
    this.#live = withRoom(this.#live, this.#last + 1)
    this.#live[block] = this.#live[block]! + 1
  }

  loaded(blocks: Iterable<number>): void {
    for (const block of blocks) this.#last = Math.max(this.#last, block)
    this.#live = withRoom(this.#live, this.#last + 1)
    for (let block = 1; block <= this.#last; block++) if (this.#live[block] === 0) this.#empty.push(block)
  }

  begin(): void {
    this.#found = this.#open = undefined
    this.#openBytes = 0
    for (const block of this.#empty) this.#drop.run(block)
  }

  /** The place of a document if the transaction succeeds. `document` must not change before {@link end}. */
  add(document: Uint8Array): BlockSlot {
    if (
      this.#open !== undefined &&
      (this.#open.documents.length === maxDocuments || this.#openBytes + document.length > maxBytes)
    )
      this.end()
    this.#open ??= { block: this.#free.pop() ?? ++this.#last, documents: [] }
    this.#openBytes += document.length
    return { block: this.#open.block, slot: this.#open.documents.push(document) - 1 }
  }

  end(): void {
    if (this.#open === undefined) return
    const { block, documents } = this.#open
    this.#open = undefined
    this.#openBytes = 0
    this.#write.run(block, packed(block, documents))
  }

  succeeded(moves: readonly Readonly<{ from: number; to: number }>[]): void {
    this.#free.push(...this.#empty)
    this.#empty = []
    this.#live = withRoom(this.#live, this.#last + 1)
    const left = new Set<number>()
    for (const { from, to } of moves) {
      if (to !== 0) this.#live[to] = this.#live[to]! + 1
      if (from === 0) continue
      this.#live[from] = this.#live[from]! - 1
      left.add(from)
    }
    // A later move may fill an emptied block.
    for (const block of left) if (this.#live[block] === 0) this.#empty.push(block)
  }

  find({ block, slot }: BlockSlot): Uint8Array | undefined {
    if (this.#found?.block !== block) {
      try {
        const stored = this.#read.get(block)?.['documents']
        if (!(stored instanceof Uint8Array)) return undefined
        if (this.#found !== undefined) releaseBuffer(this.#found.bytes, maxBlockBytes)
        this.#found = undefined
        const bytes = zstdDecompressSync(stored, { chunkSize: maxBlockBytes })
        if (!isOf(bytes, block)) return undefined
        this.#found = { block, bytes }
      } catch {
        return undefined
      }
    }
    return documentIn(this.#found.bytes, slot)
  }
}

const maxBlockBytes = 4 * (maxDocuments + 1) + maxBytes + 64

let room = Buffer.alloc(0)

/** The low byte of the first number is the count of documents; the other bytes are the low bytes of the block's id. */
const countBits = 8

/** A damaged key would lead to another block. */
function isOf(bytes: Buffer, block: number) {
  const id = bytes.readUInt32LE(0) >>> countBits
  return id === 0 || id === (block & 0xff_ffff)
}

/** Layout: count and lengths in 32 bits, then the documents. */
function packed(block: number, documents: readonly Uint8Array[]): Uint8Array {
  const size = documents.reduce((sum, { length }) => sum + length, 4 * (documents.length + 1))
  const bytes =
    size > maxBytes * 2
      ? Buffer.allocUnsafeSlow(size)
      : room.length === 0
        ? (room = Buffer.allocUnsafeSlow(maxBytes * 2))
        : room
  let at = bytes.writeUInt32LE(((block << countBits) | documents.length) >>> 0, 0)
  for (const { length } of documents) at = bytes.writeUInt32LE(length, at)
  for (const document of documents) {
    bytes.set(document, at)
    at += document.length
  }
  return zstdCompressSync(bytes.subarray(0, size), {
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
    pledgedSrcSize: size,
  })
}

export function unpacked(stored: Uint8Array): Uint8Array[] {
  const bytes = zstdDecompressSync(stored)
  return Array.from({ length: bytes.readUInt8(0) }, (_, slot) => documentIn(bytes, slot) ?? new Uint8Array())
}

function documentIn(bytes: Buffer, slot: number): Uint8Array | undefined {
  const count = bytes.readUInt8(0)
  if (slot >= count) return undefined
  let at = 4 * (count + 1)
  for (let before = 0; before < slot; before++) at += bytes.readUInt32LE(4 * (before + 1))
  return bytes.subarray(at, at + bytes.readUInt32LE(4 * (slot + 1)))
}
