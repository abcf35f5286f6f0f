import type { SeededRandom } from './random.ts'

export const sectorBytes = 512

/** A change in the page cache only: the changed sectors. */
interface Unsynced {
  readonly firstSector: number
  readonly sectors: Uint8Array
  readonly size: number
}

/** Bytes with a size; everything beyond the size is zero. */
class Content {
  bytes = new Uint8Array(0)
  #end = 0
  size = 0

  reserve(length: number): void {
    if (length <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(length, this.bytes.length * 2, 4 * sectorBytes))
    larger.set(this.bytes)
    this.bytes = larger
  }

  put(bytes: Uint8Array, position: number): void {
    this.reserve(position + bytes.length)
    this.bytes.set(bytes, position)
    this.#end = Math.max(this.#end, position + bytes.length)
  }

  resize(size: number): void {
    this.reserve(size)
    // Whole sectors are written, which may exceed the size.
    this.bytes.fill(0, size, Math.max(this.#end, size))
    this.#end = size
    this.size = size
  }

  become(content: Content): void {
    this.bytes = content.bytes.slice()
    this.size = content.size
    this.#end = content.#end
  }
}

/**
 * One inode: the cached content, the durable content, and the changes between. A sector is atomic: after a crash it has
 * any content since the last sync.
 */
export class ForgetfulFile {
  readonly kind = 'file'
  readonly #live = new Content()
  readonly #durable = new Content()
  #unsynced: Unsynced[] = []
  /** Cache and disk differ by more than `#unsynced` (a sync failed). */
  #parted = false
  /** Bytes that count against the capacity: up to the end of the farthest write. */
  allocated = 0
  modified = 0

  get size(): number {
    return this.#live.size
  }

  get unsynced(): number {
    return this.#unsynced.length
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return
    const size = Math.max(this.#live.size, position + bytes.length)
    this.#live.put(bytes, position)
    this.#live.size = size
    this.allocated = Math.max(this.allocated, position + bytes.length)
    this.#remember(position, position + bytes.length)
  }

  truncate(size: number): void {
    const before = this.#live.size
    this.#live.resize(size)
    this.allocated = Math.min(this.allocated, size)
    this.#remember(size, Math.max(size, before))
  }

  read(into: Uint8Array, position: number): number {
    const end = Math.min(this.#live.size, position + into.length)
    if (end <= position) return 0
    into.set(this.#live.bytes.subarray(position, end))
    return end - position
  }

  contents(): Uint8Array {
    return this.#live.bytes.slice(0, this.#live.size)
  }

  /** Makes the first `changes` unsynced changes durable. */
  sync(changes: number): void {
    for (const change of this.#unsynced.splice(0, changes)) this.#settle(change)
  }

  /**
   * A failed sync as in Linux: the error is reported once, and the pages count as clean. Each sector was written or
   * not; later syncs do not write lost ones, which may leave the cache at any time. The size remains to be written.
   */
  failSync(random: SeededRandom): void {
    const evicted = random.chance(0.3)
    for (const change of this.#unsynced) {
      const count = change.sectors.length / sectorBytes
      for (let i = 0; i < count; i++) {
        const sector = change.sectors.subarray(i * sectorBytes, (i + 1) * sectorBytes)
        if (random.chance(0.5)) this.#durable.put(sector, (change.firstSector + i) * sectorBytes)
      }
      if (random.chance(0.5)) this.#durable.resize(change.size)
    }
    this.#durable.resize(this.#durable.size)
    const { size } = this.#live
    this.#unsynced = [{ firstSector: 0, sectors: new Uint8Array(0), size }]
    this.#parted = true
    if (!evicted) return
    this.#live.become(this.#durable)
    this.#live.resize(size)
  }

  crash(random: SeededRandom): void {
    if (this.#unsynced.length > 0) this.#forget(random)
    else if (!this.#parted) return
    this.#live.become(this.#durable)
    this.allocated = this.#live.size
    this.#parted = false
  }

  /** Changes cache and disk alike, durable at once. */
  edit(act: (bytes: Uint8Array) => Uint8Array): void {
    const bytes = act(this.contents())
    this.#unsynced = []
    this.#parted = false
    for (const content of [this.#live, this.#durable]) {
      content.resize(0)
      content.put(bytes, 0)
      content.size = bytes.length
    }
    this.allocated = bytes.length
  }

  #remember(from: number, to: number): void {
    const firstSector = Math.floor(from / sectorBytes)
    const end = Math.ceil(to / sectorBytes)
    this.#live.reserve(end * sectorBytes)
    const sectors = this.#live.bytes.slice(firstSector * sectorBytes, end * sectorBytes)
    this.#unsynced.push({ firstSector, sectors, size: this.#live.size })
  }

  #settle(change: Unsynced): void {
    this.#durable.put(change.sectors, change.firstSector * sectorBytes)
    this.#durable.resize(change.size)
  }

  #forget(random: SeededRandom): void {
    const changes = this.#unsynced
    this.#unsynced = []
    const kept = random.integer(0, changes.length)
    const style = random.next()
    // The likely outcomes of real disks, and the unlikely one: any sector from any time.
    if (style < 0.2) return
    if (style < 0.4) return changes.forEach((change) => this.#settle(change))
    for (const change of changes.slice(0, style < 0.6 ? kept : 0)) this.#settle(change)
    if (style < 0.6) {
      const torn = changes[kept]
      if (torn !== undefined) this.#tearInto(torn, random)
      return
    }
    this.#scatter(changes, random)
  }

  /** An interrupted write: its first sectors, and any size up to its end. */
  #tearInto(change: Unsynced, random: SeededRandom): void {
    const count = random.integer(0, change.sectors.length / sectorBytes)
    this.#durable.put(change.sectors.subarray(0, count * sectorBytes), change.firstSector * sectorBytes)
    const low = Math.min(this.#durable.size, change.size)
    this.#durable.resize(random.integer(low, Math.max(this.#durable.size, change.size)))
  }

  #scatter(changes: readonly Unsynced[], random: SeededRandom): void {
    const oldSize = this.#durable.size
    const sizes = [oldSize, ...changes.map((change) => change.size)]
    const contents = new Map<number, Uint8Array[]>()
    for (const change of changes) {
      for (let i = 0; i * sectorBytes < change.sectors.length; i++) {
        const versions = contents.get(change.firstSector + i) ?? []
        versions.push(change.sectors.subarray(i * sectorBytes, (i + 1) * sectorBytes))
        contents.set(change.firstSector + i, versions)
      }
    }
    const losing = random.next()
    for (const [sector, versions] of contents) {
      const at = sector * sectorBytes
      if (!random.chance(losing))
        this.#durable.put(random.chance(0.7) ? (versions.at(-1) as Uint8Array) : random.pick(versions), at)
      else if (at >= oldSize && random.chance(0.25)) this.#durable.put(random.bytes(sectorBytes), at)
    }
    const size = random.chance(0.7) ? random.pick(sizes) : random.integer(Math.min(...sizes), Math.max(...sizes))
    this.#durable.resize(size)
  }
}
