/**
 * Sets of known servers. A socket is `port << 8 | protocol`, never 0. If a set is full, `remember` replaces the entry
 * that was unused for longest; uses are numbered by unit, from 1; free
 * entries have 0.
 */
const ways = 8

/** What `remember` did. */
export const remembered = { known: 0, added: 1, replaced: 2 } as const

/** Words of a set: eight addresses, sockets and numbers of the last unit, so that a search reads two cache lines. */
const [socketAt, usedAt, setWords] = [ways, 2 * ways, 3 * ways]

/** IPv4 without a scope. */
export class Ipv4Servers {
  readonly #sets: number
  readonly #words: Int32Array

  /** `slots`: a power of two. */
  constructor(slots: number) {
    this.#sets = slots / ways
    this.#words = new Int32Array(setWords * this.#sets)
  }

  touch(address: number, socket: number, unit: number): boolean {
    const at = this.#find(address, socket)
    if (at < 0) return false
    this.#words[at + usedAt] = unit
    return true
  }

  /** True if it was known. */
  forget(address: number, socket: number): boolean {
    const at = this.#find(address, socket)
    if (at < 0) return false
    this.#words[at + socketAt] = 0
    this.#words[at + usedAt] = 0
    return true
  }

  remember(address: number, socket: number, unit: number): number {
    const words = this.#words
    const slot = this.#find(address, socket)
    if (slot >= 0) {
      words[slot + usedAt] = unit
      return remembered.known
    }
    const first = this.#setOf(address, socket)
    let at = first
    for (let way = first + 1; way < first + ways; way++) if (words[way + usedAt]! < words[at + usedAt]!) at = way
    const isFree = words[at + socketAt] === 0
    words[at] = address
    words[at + socketAt] = socket
    words[at + usedAt] = unit
    return isFree ? remembered.added : remembered.replaced
  }

  #find(address: number, socket: number): number {
    const words = this.#words
    const first = this.#setOf(address, socket)
    for (let way = first; way < first + ways; way++)
      if (words[way] === address && words[way + socketAt] === socket) return way
    return -1
  }

  #setOf(address: number, socket: number): number {
    const hash = Math.imul(address ^ Math.imul(socket, 0x27d4eb2f), 0x9e3779b1)
    return setWords * ((hash ^ (hash >>> 15)) & (this.#sets - 1))
  }
}

const keyWords = 6

/** Any address, four words at `at`, with the hash of its scope. */
export class AnyServers {
  readonly #sets: number
  /** Address (4), socket, hash of the scope. */
  readonly #keys: Int32Array
  /** Hashes of the keys, so that a search reads one line of the cache; 0: free. */
  readonly #tags: Int32Array
  readonly #used: Int32Array

  /** `slots`: a power of two. */
  constructor(slots: number) {
    this.#sets = slots / ways
    this.#keys = new Int32Array(keyWords * slots)
    this.#tags = new Int32Array(slots)
    this.#used = new Int32Array(slots)
  }

  touch(words: Int32Array, at: number, socket: number, scope: number, unit: number): boolean {
    const slot = this.#find(words, at, socket, scope, tagOf(words, at, socket, scope))
    if (slot < 0) return false
    this.#used[slot] = unit
    return true
  }

  /** True if it was known. */
  forget(words: Int32Array, at: number, socket: number, scope: number): boolean {
    const slot = this.#find(words, at, socket, scope, tagOf(words, at, socket, scope))
    if (slot < 0) return false
    this.#tags[slot] = 0
    this.#used[slot] = 0
    return true
  }

  remember(words: Int32Array, at: number, socket: number, scope: number, unit: number): number {
    const tag = tagOf(words, at, socket, scope)
    const known = this.#find(words, at, socket, scope, tag)
    const slot = known < 0 ? this.#place(tag) : known
    this.#used[slot] = unit
    if (known >= 0) return remembered.known
    const isFree = this.#tags[slot] === 0
    const key = keyWords * slot
    for (let word = 0; word < 4; word++) this.#keys[key + word] = words[at + word]!
    this.#keys[key + 4] = socket
    this.#keys[key + 5] = scope
    this.#tags[slot] = tag
    return isFree ? remembered.added : remembered.replaced
  }

  #place(tag: number): number {
    const first = this.#firstOf(tag)
    let slot = first
    for (let way = first; way < first + ways; way++) if (this.#used[way]! < this.#used[slot]!) slot = way
    return slot
  }

  #find(words: Int32Array, at: number, socket: number, scope: number, tag: number): number {
    const first = this.#firstOf(tag)
    for (let slot = first; slot < first + ways; slot++)
      if (this.#tags[slot] === tag && this.#isAt(keyWords * slot, words, at, socket, scope)) return slot
    return -1
  }

  #isAt(key: number, words: Int32Array, at: number, socket: number, scope: number): boolean {
    const keys = this.#keys
    return (
      keys[key + 4] === socket &&
      keys[key + 3] === words[at + 3] &&
      keys[key + 2] === words[at + 2] &&
      keys[key + 1] === words[at + 1] &&
      keys[key] === words[at] &&
      keys[key + 5] === scope
    )
  }

  #firstOf(tag: number): number {
    return ways * ((tag >>> 1) & (this.#sets - 1))
  }
}

/** A hash that is not 0. */
function tagOf(words: Int32Array, at: number, socket: number, scope: number): number {
  let hash = Math.imul(words[at + 3]! ^ Math.imul(socket, 0x27d4eb2f), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ words[at + 2]! ^ scope, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ words[at + 1]! ^ Math.imul(words[at]!, 31), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 1
}
