// Searches many values at once, plain and as base64 and hex, in one pass.

interface Needle {
  readonly value: number
  readonly form: string
  readonly bytes: Buffer
}

/** Prefix bytes that are compared at each offset. */
const windowBytes = 8
const filterBits = 22

/** Encodings of a value; base64 at each offset within the encoded text. */
export function formsOf(value: Uint8Array): { readonly form: string; readonly bytes: Buffer }[] {
  const raw = Buffer.from(value)
  const forms = [
    { form: 'raw', bytes: raw },
    { form: 'hex', bytes: Buffer.from(raw.toString('hex')) },
    { form: 'HEX', bytes: Buffer.from(raw.toString('hex').toUpperCase()) },
  ]
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), raw]).toString('base64')
    // Letters that depend only on the value.
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + raw.length) * 8) / 6))
    forms.push({ form: `base64 +${before}`, bytes: Buffer.from(own) })
    const url = own.replaceAll('+', '-').replaceAll('/', '_')
    if (url !== own) forms.push({ form: `base64url +${before}`, bytes: Buffer.from(url) })
  }
  return forms
}

export class Needles {
  readonly #needles = new Map<number, Needle[]>()
  readonly #filter = new Uint8Array(1 << (filterBits - 3))
  #count = 0

  get count(): number {
    return this.#count
  }

  /** A value of at least eight bytes. */
  add(value: number, bytes: Uint8Array): void {
    for (const { form, bytes: written } of formsOf(bytes)) {
      const hash = hashOf(written.readUInt32LE(0), written.readUInt32LE(4))
      const same = this.#needles.get(hash)
      if (same === undefined) this.#needles.set(hash, [{ value, form, bytes: written }])
      else same.push({ value, form, bytes: written })
      const bit = hash >>> (32 - filterBits)
      this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] ?? 0) | (1 << (bit & 7))
      this.#count++
    }
  }

  /** Calls back for each occurrence. */
  find(bytes: Uint8Array, found: (value: number, form: string) => void): void {
    const filter = this.#filter
    let [low, high] = [0, 0]
    for (let at = 0; at < bytes.length; at++) {
      low = (low >>> 8) | ((high & 0xff) << 24)
      high = (high >>> 8) | ((bytes[at] ?? 0) << 24)
      const hash = hashOf(low, high)
      const bit = hash >>> (32 - filterBits)
      if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) continue
      const from = at + 1 - windowBytes
      if (from < 0) continue
      for (const needle of this.#needles.get(hash) ?? []) {
        if (Buffer.compare(needle.bytes, bytes.subarray(from, from + needle.bytes.length)) === 0)
          found(needle.value, needle.form)
      }
    }
  }
}

function hashOf(low: number, high: number) {
  const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  return (mixed ^ (mixed << 13)) >>> 0
}
