/** Reference-counted dictionary, shared by all cached parts. */

/** Header, map entry and list slots of a text. */
const bytesBeside = 96

export const none = 0

export class Refs {
  readonly #codes = new Map<string, number>()
  readonly #texts: (string | null)[] = [null]
  readonly #holds: number[] = [0]
  readonly #free: number[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  take(text: string | null): number {
    if (text === null) return none
    const existing = this.#codes.get(text)
    if (existing !== undefined) {
      this.#holds[existing] = (this.#holds[existing] ?? 0) + 1
      return existing
    }
    const code = this.#free.pop() ?? this.#texts.length
    this.#texts[code] = text
    this.#holds[code] = 1
    this.#codes.set(text, code)
    this.#bytes += text.length + bytesBeside
    return code
  }

  release(codes: Iterable<number>): void {
    for (const code of codes) {
      if (code === none) continue
      const left = (this.#holds[code] ?? 0) - 1
      this.#holds[code] = left
      if (left > 0) continue
      const text = this.text(code) ?? ''
      this.#codes.delete(text)
      this.#texts[code] = null
      this.#free.push(code)
      this.#bytes -= text.length + bytesBeside
    }
  }

  find(text: string): number | undefined {
    return this.#codes.get(text)
  }

  among(texts: readonly string[]): Codes {
    const marks = new Uint8Array(this.#texts.length)
    const codes = texts.flatMap((text) => this.find(text) ?? [])
    for (const code of codes) marks[code] = 1
    return { size: codes.length, marks }
  }

  text(code: number): string | null {
    return this.#texts[code] ?? null
  }
}

export type Codes = Readonly<{
  size: number
  marks: Uint8Array
}>
