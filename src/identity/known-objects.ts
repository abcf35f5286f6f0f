import { withRoom } from '../model/growing.ts'
import { readUid, uidHash, uidText } from '../model/uid.ts'

const firstSlots = 1024

/** Packed and linked, because there are as many as pods. An object without claims keeps its number. */
export class KnownObjects {
  #slots = new Uint32Array(firstSlots)
  #words = new Uint32Array(4 * 256)
  #clusters = new Uint16Array(256)
  #first = new Int32Array(256)
  #next = new Int32Array(256)
  readonly #odd = new Map<string, number>()
  readonly #oddUids = new Map<number, string>()
  readonly #uid = new Uint32Array(4)
  #count = 0
  #live = 0

  get live(): number {
    return this.#live
  }

  find(cluster: number, uid: string): number {
    if (!readUid(uid, this.#uid)) return this.#odd.get(`${cluster}/${uid}`) ?? -1
    return this.#slots[this.#slotOf(cluster)]! - 1
  }

  add(cluster: number, uid: string): number {
    const existing = this.find(cluster, uid)
    if (existing >= 0) return existing
    const object = this.#count++
    this.#first = withRoom(this.#first, this.#count)
    this.#clusters = withRoom(this.#clusters, this.#count)
    this.#words = withRoom(this.#words, 4 * this.#count)
    this.#clusters[object] = cluster
    if (readUid(uid, this.#uid)) {
      this.#words.set(this.#uid, 4 * object)
      if (3 * this.#count > 2 * this.#slots.length) this.#grow()
      else this.#slots[this.#slotOf(cluster)] = object + 1
    } else {
      this.#odd.set(`${cluster}/${uid}`, object)
      this.#oddUids.set(object, uid)
    }
    return object
  }

  uidOf(object: number): string {
    return this.#oddUids.get(object) ?? uidText(this.#words, 4 * object)
  }

  claimsOf(object: number): number[] {
    const claims: number[] = []
    for (let claim = (this.#first[object] ?? 0) - 1; claim >= 0; claim = this.#next[claim]! - 1) claims.push(claim)
    return claims
  }

  claim(object: number, claims: readonly number[]): void {
    this.#live += (claims.length > 0 ? 1 : 0) - (this.#first[object] === 0 ? 0 : 1)
    let next = 0
    for (const claim of claims.toReversed()) {
      this.#next = withRoom(this.#next, claim + 1)
      this.#next[claim] = next
      next = claim + 1
    }
    this.#first[object] = next
  }

  *all(): Generator<number> {
    for (let object = 0; object < this.#count; object++) if (this.#first[object] !== 0) yield object
  }

  #slotOf(cluster: number): number {
    const [a, b, c, d] = this.#uid as unknown as [number, number, number, number]
    const mask = this.#slots.length - 1
    for (let slot = uidHash(this.#uid, 0) & mask; ; slot = (slot + 1) & mask) {
      const object = this.#slots[slot]! - 1
      const at = 4 * object
      if (
        object < 0 ||
        (this.#words[at + 3] === d &&
          this.#words[at] === a &&
          this.#words[at + 1] === b &&
          this.#words[at + 2] === c &&
          this.#clusters[object] === cluster)
      )
        return slot
    }
  }

  #grow() {
    this.#slots = new Uint32Array(2 * this.#slots.length)
    for (let object = 0; object < this.#count; object++) {
      if (this.#oddUids.has(object)) continue
      this.#uid.set(this.#words.subarray(4 * object, 4 * object + 4))
      this.#slots[this.#slotOf(this.#clusters[object]!)] = object + 1
    }
  }
}
