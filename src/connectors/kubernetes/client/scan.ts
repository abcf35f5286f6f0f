/** A byte-level JSON scanner that finds value boundaries, because only small parts of long lines are needed. */

export const [quote, backslash, colon, comma, openList, closeList, openDict, closeDict] = [
  0x22, 0x5c, 0x3a, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
]

export class Scanner {
  protected bytes: Buffer = Buffer.alloc(0)
  protected at = 0

  protected begin(bytes: Uint8Array): void {
    this.bytes = bufferOf(bytes)
    this.at = 0
    this.space()
  }

  protected entries(visit: () => void): void {
    this.at++
    this.space()
    if (this.bytes[this.at] === closeList) return void this.at++
    for (;;) {
      visit()
      this.space()
      const next = this.bytes[this.at++]
      if (next === closeList) return
      if (next !== comma) throw this.wrong()
      this.space()
    }
  }

  protected members(visit: (key: string) => void): void {
    if (this.bytes[this.at] !== openDict) throw this.wrong()
    this.at++
    this.space()
    for (let first = true; this.bytes[this.at] !== closeDict; first = false) {
      if (!first) this.expect(comma)
      const key = this.text()
      this.expect(colon)
      visit(key)
      this.space()
    }
    this.at++
    this.space()
    if (this.at < this.bytes.length) throw this.wrong()
  }

  protected range(): Uint8Array {
    const from = this.at
    this.skip()
    return this.bytes.subarray(from, this.at)
  }

  protected text(): string {
    if (this.bytes[this.at] !== quote) throw this.wrong()
    const from = this.at
    this.string()
    return plain(this.bytes, from, this.at)
  }

  protected expect(sign: number): void {
    this.space()
    if (this.bytes[this.at] !== sign) throw this.wrong()
    this.at++
    this.space()
  }

  protected colon(): void {
    this.expect(colon)
  }

  protected space(): void {
    const bytes = this.bytes
    while (this.at < bytes.length && bytes[this.at]! <= 0x20) this.at++
  }

  protected string(): void {
    this.at = endOfText(this.bytes, this.at) + 1
    if (this.at > this.bytes.length) throw this.wrong()
  }

  protected skip(): void {
    const bytes = this.bytes
    const end = bytes.length
    let at = this.at
    let depth = 0
    for (; at < end; at++) {
      const sign = bytes[at]!
      if (sign === quote) {
        at = endOfText(bytes, at)
        if (depth === 0) break
      } else if (sign === openDict || sign === openList) {
        depth++
      } else if (sign === closeDict || sign === closeList) {
        if (depth === 0) return void (this.at = at)
        if (--depth === 0) break
      } else if (depth === 0 && sign === comma) {
        return void (this.at = at)
      }
    }
    if (at >= end) throw this.wrong()
    this.at = at + 1
  }

  protected wrong(): SyntaxError {
    return new SyntaxError(`no JSON at byte ${Math.min(this.at, this.bytes.length)} of ${this.bytes.length}`)
  }
}

function endOfText(bytes: Uint8Array, begin: number): number {
  const end = bytes.length
  for (let at = begin + 1; at < end; at++) {
    if (bytes[at] !== quote) continue
    let from = at
    while (bytes[from - 1] === backslash) from--
    if ((at - from) % 2 === 0) return at
  }
  return end
}

export function isSame(bytes: Uint8Array, from: number, key: Uint8Array): boolean {
  for (let at = 0; at < key.length; at++) if (bytes[from + at] !== key[at]) return false
  return true
}

export function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === backslash) return true
  return false
}

export function plain(bytes: Buffer, from: number, to: number): string {
  return hasEscape(bytes, from, to)
    ? (JSON.parse(bytes.toString('utf8', from, to)) as string)
    : bytes.toString('utf8', from + 1, to - 1)
}

export function textOf(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('utf8')
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
