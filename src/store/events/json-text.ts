const [quote, backslash, comma, colon, openList, closeList, openObject, closeObject] = [
  0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d,
]
const [minus, plus, point, zero, nine] = [0x2d, 0x2b, 0x2e, 0x30, 0x39]
const literals = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]))
const escapes = new Set(Buffer.from('"\\/bfnrt'))

/** Whether UTF-8 bytes are one JSON text (RFC 8259). Refuses lone surrogates. Allocates no values. */
export function isJson(bytes: Uint8Array): boolean {
  return new Look(bytes).whole()
}

class Look {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  whole(): boolean {
    const open: number[] = []
    for (;;) {
      this.#space()
      const first = this.#bytes[this.#at]
      if (first === openList || first === openObject) {
        this.#at++
        this.#space()
        open.push(first === openList ? closeList : closeObject)
        if (this.#bytes[this.#at] !== open.at(-1)) {
          if (first === openObject && !this.#name()) return false
          continue
        }
      } else if (!this.#scalar()) return false
      for (;;) {
        this.#space()
        const end = open.at(-1)
        if (end === undefined) return this.#at === this.#bytes.length
        const sign = this.#bytes[this.#at++]
        if (sign === end) open.pop()
        else if (sign !== comma) return false
        else break
      }
      if (open.at(-1) === closeObject && !this.#name()) return false
    }
  }

  #space() {
    for (;;) {
      const sign = this.#bytes[this.#at]!
      if (sign > 0x20 || (sign !== 0x20 && sign !== 0x0a && sign !== 0x0d && sign !== 0x09)) return
      this.#at++
    }
  }

  #name() {
    this.#space()
    if (this.#bytes[this.#at] !== quote || !this.#string()) return false
    this.#space()
    return this.#bytes[this.#at++] === colon
  }

  #scalar(): boolean {
    const first = this.#bytes[this.#at]
    if (first === quote) return this.#string()
    if (first === minus || isDigit(first)) return this.#number()
    const word = literals.get(first!)
    if (word === undefined) return false
    for (let index = 0; index < word.length; index++) if (this.#bytes[this.#at + index] !== word[index]) return false
    this.#at += word.length
    return true
  }

  #string(): boolean {
    const bytes = this.#bytes
    let at = this.#at + 1
    for (;;) {
      let sign = bytes[at++]!
      // Most characters: neither a quote nor a control character, which are the smallest.
      while (sign > quote && sign !== backslash) sign = bytes[at++]!
      if (sign === quote) break
      if (!(sign >= 0x20)) return false
      if (sign !== backslash) continue
      if (bytes[at] === 0x75) {
        const code = this.#hex(at + 1)
        at += 5
        if (Number.isNaN(code) || (code >= 0xdc00 && code < 0xe000)) return false
        if (code < 0xd800 || code >= 0xdc00) continue
        const low = bytes[at] === backslash && bytes[at + 1] === 0x75 ? this.#hex(at + 2) : Number.NaN
        if (!(low >= 0xdc00 && low < 0xe000)) return false
        at += 6
      } else if (!escapes.has(bytes[at++]!)) return false
    }
    this.#at = at
    return true
  }

  #hex(at: number): number {
    let code = 0
    for (let index = at; index < at + 4; index++) {
      const sign = this.#bytes[index]!
      const small = sign | 0x20
      if (isDigit(sign)) code = code * 16 + sign - zero
      else if (small >= 0x61 && small <= 0x66) code = code * 16 + small - 0x57
      else return Number.NaN
    }
    return code
  }

  #number(): boolean {
    const bytes = this.#bytes
    if (bytes[this.#at] === minus) this.#at++
    if (bytes[this.#at] === zero) this.#at++
    else if (!this.#digits()) return false
    if (bytes[this.#at] === point) {
      this.#at++
      if (!this.#digits()) return false
    }
    if ((bytes[this.#at]! | 0x20) !== 0x65) return true
    this.#at++
    if (bytes[this.#at] === plus || bytes[this.#at] === minus) this.#at++
    return this.#digits()
  }

  #digits() {
    const from = this.#at
    while (isDigit(this.#bytes[this.#at])) this.#at++
    return this.#at > from
  }
}

function isDigit(sign: number | undefined) {
  return sign !== undefined && sign >= zero && sign <= nine
}
