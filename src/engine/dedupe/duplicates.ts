/**
 * The duplicate window: (source, id) of pushed events, for at least the configured window. A projection of the journal:
 * its snapshot names its position, from which a start replays.
 *
 * snapshot: u32 magic · u32 JSON bytes · u32 CRC-32 of all other bytes · JSON { position } · hashes of the older, then
 * the newer half
 */
import { crc32 } from 'node:zlib'
import { makeDurableDirectory, type Host } from '../../host/index.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import { directoryOf } from '../../journal/paths.ts'
import type { Frame } from '../../journal/types.ts'
import { filePartition, nowhere, type Position, type Positions } from '../../model/positions.ts'
import { HashSet } from './hash-set.ts'
import { idHashes } from './id-hashes.ts'
import type { InFlight } from './in-flight.ts'
import type { Projection } from '../contracts.ts'

const magic = 0x50554457
const headBytes = 12

export type WindowSize = Readonly<{
  events: number
  /** … unless older than this. */
  ageMs: number
}>

export const defaultWindow: WindowSize = { events: 500_000, ageMs: 10 * 60_000 }

export class DuplicateWindow implements Projection {
  readonly name = 'duplicates'
  readonly #host: Host
  readonly #path: string
  readonly #size: WindowSize
  /** When the newer is full or old, the older is discarded. */
  #older = new HashSet()
  #newer = new HashSet()
  #turned: number
  #applied: Position = nowhere
  #committed: Position = nowhere
  /** Not synced, so not part of a snapshot. */
  readonly #underWay = new HashSet()

  constructor(host: Host, path: string, size: WindowSize = defaultWindow) {
    this.#host = host
    this.#path = path
    this.#size = size
    this.#turned = host.clock.monotonic()
  }

  static async open(host: Host, path: string, size?: WindowSize): Promise<DuplicateWindow> {
    const window = new DuplicateWindow(host, path, size)
    await window.#load()
    return window
  }

  position(): Positions {
    return { [filePartition]: this.#applied }
  }

  holds(): Positions {
    return { [filePartition]: this.#committed }
  }

  /** `inFlight` limits duplicates to its events and pending appends. */
  admit(hashes: Uint32Array, inFlight?: InFlight): Readonly<{ fresh: Uint32Array; seen: Uint32Array }> {
    this.#turn()
    const rows = hashes.length / 4
    const fresh = new Uint32Array(rows)
    const seen = new Uint32Array(rows)
    let [freshRows, seenRows] = [0, 0]
    for (let row = 0; row < rows; row++) {
      const at = 4 * row
      const isKnown =
        inFlight === undefined
          ? this.#newer.has(hashes, at) || this.#older.has(hashes, at)
          : inFlight.sequenceOf(hashes, at) !== undefined
      if (isKnown || !this.#underWay.add(hashes, at)) seen[seenRows++] = row
      else fresh[freshRows++] = row
    }
    return { fresh: fresh.subarray(0, freshRows), seen: seen.subarray(0, seenRows) }
  }

  confirm(hashes: Uint32Array): void {
    for (let at = 0; at < hashes.length; at += 4) {
      this.#underWay.delete(hashes, at)
      this.#keep(hashes, at)
    }
  }

  /** They may be pushed again. */
  withdraw(hashes: Uint32Array): void {
    for (let at = 0; at < hashes.length; at += 4) this.#underWay.delete(hashes, at)
  }

  reached(position: Position): void {
    if (position.sequence > this.#applied.sequence) this.#applied = position
  }

  async apply(frames: readonly Frame[]): Promise<void> {
    for (const { header, ...frame } of frames.map((frame) => ({ header: frame.header, body: () => frame.body() }))) {
      if (header.kind === 'events') {
        const batch = decodeBatch('events', frame.body())
        const hashes = batch.kind === 'events' ? idHashes(batch) : new Uint32Array(0)
        for (let at = 0; at < hashes.length; at += 4) this.#keep(hashes, at)
      }
      this.#turn()
      this.reached({ sequence: header.sequence, row: header.firstRow + header.count })
    }
    await Promise.resolve()
  }

  async commit(): Promise<void> {
    if (this.#applied.sequence === this.#committed.sequence) return
    const position = this.#applied
    const state = new TextEncoder().encode(JSON.stringify({ position, older: this.#older.size }))
    const sets = [this.#older, this.#newer]
    const hashes = sets.map((set) => {
      const { buffer, byteOffset, byteLength } = set.lend()
      return new Uint8Array(buffer, byteOffset, byteLength)
    })
    const rest = [state, ...hashes]
    const head = new DataView(new ArrayBuffer(headBytes))
    head.setUint32(0, magic, true)
    head.setUint32(4, state.length, true)
    let crc = crc32(new Uint8Array(head.buffer, 0, 8))
    for (const piece of rest) crc = crc32(piece, crc)
    head.setUint32(8, crc, true)
    try {
      await this.#save([new Uint8Array(head.buffer), ...rest])
    } finally {
      for (const set of sets) set.returned()
    }
    this.#committed = position
  }

  async #save(pieces: readonly Uint8Array[]) {
    const { disk } = this.#host
    const directory = directoryOf(this.#path)
    await makeDurableDirectory(disk, directory)
    const temporary = `${this.#path}.new`
    await disk.remove(temporary)
    const file = await disk.open(temporary, 'create')
    try {
      await file.writeAll(pieces, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(temporary, this.#path)
    await disk.syncDirectory(directory)
  }

  #keep(hashes: Uint32Array, at: number) {
    // A frame of many rows would double the table.
    if (this.#newer.size >= this.#size.events) this.#turn()
    this.#newer.add(hashes, at)
  }

  #turn() {
    const old = this.#host.clock.monotonic() - this.#turned > this.#size.ageMs
    if (this.#newer.size < this.#size.events && !old) return
    this.#older.release()
    ;[this.#older, this.#newer] = [this.#newer, this.#older]
    this.#turned = this.#host.clock.monotonic()
  }

  /** If missing or damaged: an empty window. */
  async #load() {
    if ((await this.#host.disk.stat(this.#path)) === undefined) return
    const bytes = await this.#host.disk.readFile(this.#path)
    if (bytes.length < headBytes) return
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const rest = bytes.subarray(headBytes)
    const stateBytes = view.getUint32(4, true)
    if (view.getUint32(0, true) !== magic || view.getUint32(8, true) !== crc32(rest, crc32(bytes.subarray(0, 8))))
      return
    const state = JSON.parse(new TextDecoder().decode(rest.subarray(0, stateBytes))) as {
      position: Position
      older: number
    }
    // `slice` of a Buffer is a view.
    const words = new Uint32Array(new Uint8Array(rest.subarray(stateBytes)).buffer)
    this.#older = HashSet.of(words.subarray(0, state.older * 4))
    this.#newer = HashSet.of(words.subarray(state.older * 4))
    this.#applied = this.#committed = state.position
  }
}
