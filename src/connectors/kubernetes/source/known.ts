import { withRoom } from '../../../model/growing.ts'
import { readUid, uidHash, uidText } from '../../../model/uid.ts'

/** A known object. Valid until the step that removes it is written. */
export interface Known {
  readonly row: number
  version: string
  hash: string
  emitted: string
  seen: number
  document: Uint8Array | undefined
  /** Its block on disk, 0 for none, and the index there. */
  readonly block: number
  readonly slot: number
  moved(block: number, slot: number): void
}

const firstSlots = 64
const digestBytes = 16

export class KnownObjects {
  /** Number + 1 by the hash of the uid, open addressing; 0 is free. */
  #slots = new Uint32Array(firstSlots)
  #words = new Uint32Array(4)
  #rows = new Float64Array(1)
  #versions = new Float64Array(1)
  #seen = new Uint32Array(1)
  #digests = Buffer.alloc(2 * digestBytes)
  #blocks = new Uint32Array(1)
  #blockSlots = new Uint8Array(1)
  /** Documents not yet on disk, and values of unusual form. */
  readonly #documents = new Map<number, Uint8Array>()
  readonly #oddVersions = new Map<number, string>()
  readonly #odd = new Map<string, number>()
  readonly #oddUids = new Map<number, string>()
  readonly #uid = new Uint32Array(4)
  readonly #free: number[] = []
  #numbers = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  get(uid: string): Known | undefined {
    const number = this.#find(uid)
    return number < 0 ? undefined : new KnownObject(this, number)
  }

  add(uid: string, row: number): Known {
    this.delete(uid)
    const number = this.#free.pop() ?? this.#numbers++
    this.#rows = withRoom(this.#rows, this.#numbers)
    this.#versions = withRoom(this.#versions, this.#numbers)
    this.#seen = withRoom(this.#seen, this.#numbers)
    this.#words = withRoom(this.#words, 4 * this.#numbers)
    this.#blocks = withRoom(this.#blocks, this.#numbers)
    this.#blockSlots = withRoom(this.#blockSlots, this.#numbers)
    if (this.#digests.length < 2 * digestBytes * this.#numbers)
      this.#digests = Buffer.concat([this.#digests], 2 * digestBytes * (this.#numbers + (this.#numbers >> 2)))
    this.#rows[number] = row
    this.#seen[number] = 0
    this.#blocks[number] = 0
    this.#digests.fill(0, 2 * digestBytes * number, 2 * digestBytes * (number + 1))
    this.#size++
    if (readUid(uid, this.#uid)) {
      this.#words.set(this.#uid, 4 * number)
      if (3 * this.#size > 2 * this.#slots.length) this.#grow()
      this.#slots[this.#slotOf()] = number + 1
    } else {
      this.#odd.set(uid, number)
      this.#oddUids.set(number, uid)
    }
    const knownObject = new KnownObject(this, number)
    knownObject.version = ''
    return knownObject
  }

  delete(uid: string): void {
    const number = this.#find(uid)
    if (number < 0) return
    this.#size--
    if (this.#odd.delete(uid)) return void this.#oddUids.delete(number)
    this.#remove(this.#slotOf())
  }

  free(number: number): void {
    this.#documents.delete(number)
    this.#oddVersions.delete(number)
    this.#free.push(number)
  }

  *keys(): Generator<string> {
    for (const slot of this.#slots) if (slot !== 0) yield uidText(this.#words, 4 * (slot - 1))
    yield* this.#odd.keys()
  }

  *values(): Generator<Known> {
    for (const [, known] of this) yield known
  }

  *[Symbol.iterator](): Generator<[uid: string, known: Known]> {
    const numbers = this.#slots.filter((slot) => slot !== 0)
    for (const slot of numbers) {
      const uid = uidText(this.#words, 4 * (slot - 1))
      if (this.#find(uid) === slot - 1) yield [uid, new KnownObject(this, slot - 1)]
    }
    for (const [uid, number] of this.#odd) yield [uid, new KnownObject(this, number)]
  }

  rowOf(number: number): number {
    return this.#rows[number]!
  }

  versionOf(number: number): string {
    const version = this.#versions[number]!
    return Number.isNaN(version) ? (this.#oddVersions.get(number) ?? '') : String(version)
  }

  setVersion(number: number, version: string): void {
    const value = Number(version)
    const usual = version !== '' && Number.isSafeInteger(value) && String(value) === version
    this.#versions[number] = usual ? value : Number.NaN
    if (usual || version === '') this.#oddVersions.delete(number)
    else this.#oddVersions.set(number, version)
  }

  digestOf(number: number, which: 0 | 1): string {
    const at = (2 * number + which) * digestBytes
    const digest = this.#digests.subarray(at, at + digestBytes)
    return digest.every((byte) => byte === 0) ? '' : digest.toString('base64url')
  }

  setDigest(number: number, which: 0 | 1, digest: string): void {
    const at = (2 * number + which) * digestBytes
    if (digest === '') this.#digests.fill(0, at, at + digestBytes)
    else this.#digests.write(digest, at, digestBytes, 'base64url')
  }

  seenIn(number: number): number {
    return this.#seen[number]!
  }

  setSeen(number: number, list: number): void {
    this.#seen[number] = list
  }

  blockOf(number: number): number {
    return this.#blocks[number]!
  }

  slotOf(number: number): number {
    return this.#blockSlots[number]!
  }

  move(number: number, block: number, slot: number): void {
    this.#blocks[number] = block
    this.#blockSlots[number] = slot
  }

  documentOf(number: number): Uint8Array | undefined {
    return this.#documents.get(number)
  }

  setDocument(number: number, document: Uint8Array | undefined): void {
    if (document === undefined) this.#documents.delete(number)
    else this.#documents.set(number, document)
  }

  #find(uid: string) {
    if (!readUid(uid, this.#uid)) return this.#odd.get(uid) ?? -1
    return this.#slots[this.#slotOf()]! - 1
  }

  #slotOf(): number {
    const [a, b, c, d] = this.#uid as unknown as [number, number, number, number]
    const mask = this.#slots.length - 1
    for (let slot = uidHash(this.#uid, 0) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1
      const at = 4 * number
      if (
        number < 0 ||
        (this.#words[at + 3] === d && this.#words[at] === a && this.#words[at + 1] === b && this.#words[at + 2] === c)
      )
        return slot
    }
  }

  #remove(from: number) {
    const mask = this.#slots.length - 1
    let hole = from
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = uidHash(this.#words, 4 * (this.#slots[slot]! - 1)) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.#slots[hole] = this.#slots[slot]!
      hole = slot
    }
    this.#slots[hole] = 0
  }

  #grow() {
    const before = this.#slots
    const numbers = this.#uid.slice()
    this.#slots = new Uint32Array(2 * before.length)
    for (const slot of before) {
      if (slot === 0) continue
      this.#uid.set(this.#words.subarray(4 * (slot - 1), 4 * slot))
      this.#slots[this.#slotOf()] = slot
    }
    this.#uid.set(numbers)
  }
}

export function release(known: Known): void {
  if (known instanceof KnownObject) known.of.free(known.number)
}

class KnownObject implements Known {
  readonly of: KnownObjects
  readonly number: number

  constructor(of: KnownObjects, number: number) {
    this.of = of
    this.number = number
  }

  get row(): number {
    return this.of.rowOf(this.number)
  }
  get version(): string {
    return this.of.versionOf(this.number)
  }
  set version(version: string) {
    this.of.setVersion(this.number, version)
  }
  get hash(): string {
    return this.of.digestOf(this.number, 0)
  }
  set hash(digest: string) {
    this.of.setDigest(this.number, 0, digest)
  }
  get emitted(): string {
    return this.of.digestOf(this.number, 1)
  }
  set emitted(digest: string) {
    this.of.setDigest(this.number, 1, digest)
  }
  get seen(): number {
    return this.of.seenIn(this.number)
  }
  set seen(list: number) {
    this.of.setSeen(this.number, list)
  }
  get document(): Uint8Array | undefined {
    return this.of.documentOf(this.number)
  }
  set document(document: Uint8Array | undefined) {
    this.of.setDocument(this.number, document)
  }
  get block(): number {
    return this.of.blockOf(this.number)
  }
  get slot(): number {
    return this.of.slotOf(this.number)
  }
  moved(block: number, slot: number): void {
    this.of.move(this.number, block, slot)
  }
}
