/**
 * Memory that `JSON.parse` needs for a text, from one pass over its bytes. It is an upper estimate for V8: the text,
 * containers, elements, strings, and the hidden classes of objects with different keys.
 */
const cost = { container: 56, element: 12, text: 20, shape: 140 } as const
/** Texts up to this size are not read: they count as lists of empty containers. */
const [small, mostPerByte] = [1 << 16, 24]
const [quote, backslash, comma, colon, openList, openMap] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x7b]
/** Deeper containers share a level: their keys count as those of one object. */
const levels = 1024
/** Remembered sequences of keys. Sequences beyond these count as new ones. */
const remembered = 1 << 14

/** `element`: bytes of an element or member beside its value. */
export function jsonMemory(bytes: Uint8Array, element: number = cost.element): number {
  if (bytes.length <= small) return bytes.length * mostPerByte
  const scan = new Scan(bytes, element)
  scan.run()
  return scan.memory + bytes.length * (scan.isAscii ? 1 : 2)
}

function isKey(bytes: Uint8Array, after: number): boolean {
  let at = after
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++
  return bytes[at] === colon
}

class Scan {
  readonly #bytes: Uint8Array
  readonly #element: number
  memory = 0
  isAscii = true
  /** For each level the hash of the keys so far, as V8 shares classes of objects with equal sequences of keys. */
  readonly #shapes = new Int32Array(levels)
  readonly #seen = new Int32Array(remembered)

  constructor(bytes: Uint8Array, element: number) {
    this.#bytes = bytes
    this.#element = element
  }

  run(): void {
    const bytes = this.#bytes
    let [depth, memory] = [0, 0]
    for (let at = 0; at < bytes.length; at++) {
      switch (bytes[at]) {
        case quote: {
          const start = at + 1
          const hash = this.#skipText(start)
          at = this.#end
          if (!isKey(bytes, at + 1)) memory += cost.text + (at - start) * (this.isAscii ? 1 : 2)
          else if (this.#isNew(Math.min(depth, levels - 1), hash)) memory += cost.shape + at - start
          break
        }
        case comma:
        case colon:
          memory += this.#element
          break
        case openList:
        case openMap:
          memory += cost.container
          depth++
          this.#shapes[Math.min(depth, levels - 1)] = 0
          break
        case 0x5d:
        case 0x7d:
          depth = Math.max(0, depth - 1)
          break
        default:
      }
    }
    this.memory = memory
  }

  #end = 0

  /** The hash of the text; its closing quote is then at `#end`. */
  #skipText(from: number): number {
    const bytes = this.#bytes
    let [at, hash, all] = [from, 0, 0]
    for (; at < bytes.length && bytes[at] !== quote; at++) {
      const byte = bytes[at]!
      all |= byte
      if (at - from < 64) hash = (Math.imul(hash, 31) + byte) | 0
      if (byte === backslash) at++
    }
    if (all > 0x7f) this.isAscii = false
    this.#end = at
    return hash
  }

  #isNew(level: number, key: number): boolean {
    const shape = (Math.imul(this.#shapes[level]! ^ key, 0x9e3779b1) + 1) | 0
    this.#shapes[level] = shape
    const slot = (shape >>> 7) % remembered
    if (this.#seen[slot] === shape) return false
    this.#seen[slot] = shape
    return true
  }
}
