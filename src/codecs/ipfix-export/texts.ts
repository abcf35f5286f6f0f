const utf8 = new TextEncoder()

export class Texts {
  readonly #dictionary: readonly string[]
  readonly #encoded: Uint8Array[] = [new Uint8Array(0)]

  constructor(dictionary: readonly string[]) {
    this.#dictionary = dictionary
  }

  bytes(code: number): Uint8Array {
    return (this.#encoded[code] ??= utf8.encode(this.#dictionary[code] ?? ''))
  }

  size(code: number): number {
    return prefixed(this.bytes(code).length)
  }

  write(into: Uint8Array, start: number, code: number): number {
    const text = this.bytes(code)
    const at = writeLength(into, start, text.length)
    into.set(text, at)
    return at + text.length
  }
}

export function prefixed(length: number): number {
  return length + (length < 255 ? 1 : 3)
}

export function writeLength(bytes: Uint8Array, at: number, length: number): number {
  if (length < 255) {
    bytes[at] = length
    return at + 1
  }
  bytes[at] = 255
  bytes[at + 1] = length >>> 8
  bytes[at + 2] = length & 255
  return at + 3
}
