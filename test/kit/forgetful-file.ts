import type { SeededRandom } from './random.ts'

export const sectorBytes = 512

/** A change that is in the page cache only: the whole sectors that it touched as they looked right after it. */
interface Unsynced {
  readonly firstSector: number
  readonly sectors: Uint8Array
  readonly size: number
}

/** Bytes with a size; everything past the size is zero. */
class Content {
  bytes = new Uint8Array(0)
  /** Past this everything is zero. */
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
    // Not only up to the old size: whole sectors are put, which may reach past it.
    this.bytes.fill(0, size, Math.max(this.#end, size))
    this.#end = size
    this.size = size
  }

  become(other: Content): void {
    this.bytes = other.bytes.slice()
    this.size = other.size
    this.#end = other.#end
  }
}

/**
 * One file (inode): the current content, the content of the platter, and the changes between. A sector is atomic:
 * after a crash it has any content since the last sync.
 */
export class ForgetfulFile {
  readonly kind = 'file'
  readonly #live = new Content()
  readonly #durable = new Content()
  #unsynced: Unsynced[] = []
  /** Cache and platter differ by more than `#unsynced` (a sync failed). */
  #parted = false
  /** Bytes that count against the capacity of the disk: up to the end of the farthest write. */
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

  /** The first `changes` unsynced changes reach the platter. */
  sync(changes: number): void {
    for (const change of this.#unsynced.splice(0, changes)) this.#settle(change)
  }

  /**
   * A failed sync as in Linux: the error is reported once, and the pages count as clean. Each sector was written or
   * not; lost ones stay lost after later syncs, and may leave the cache at any time. The size is metadata: it
   * remains to be written.
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

  /** The machine loses power. */
  crash(random: SeededRandom): void {
    if (this.#unsynced.length > 0) this.#forget(random)
    else if (!this.#parted) return
    this.#live.become(this.#durable)
    this.allocated = this.#live.size
    this.#parted = false
  }

  /** Damage or preparation by the test's hand: done to the cache and the platter alike, durable at once. */
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
    // The likely endings of real disks, and the unlikely one: any sector as it was at any time.
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

  /** A write stopped in the middle: its first sectors are there, the size is any up to its end. */
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
