import { Bytes } from './bits.ts'

/** https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
export const kinds = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const

export type ThriftList = Readonly<{
  of: number
  items: readonly ThriftItem[]
}>
export type ThriftStruct = ReadonlyMap<number, ThriftField>
type ThriftItem = number | boolean | Uint8Array | ThriftList | ThriftStruct
export type ThriftField = Readonly<{
  kind: number
  value: ThriftItem
}>

export function struct(...fields: readonly (readonly [number, ThriftField | undefined])[]): ThriftStruct {
  return new Map(fields.filter((field): field is readonly [number, ThriftField] => field[1] !== undefined))
}

const utf8 = new TextEncoder()

export const i32 = (value: number): ThriftField => ({ kind: kinds.i32, value })
export const i64 = (value: number): ThriftField => ({ kind: kinds.i64, value })
export const byte = (value: number): ThriftField => ({ kind: kinds.byte, value })
export const yes: ThriftField = { kind: kinds.true, value: true }
export const no: ThriftField = { kind: kinds.true, value: false }
export const binary = (value: Uint8Array | string): ThriftField => ({
  kind: kinds.binary,
  value: typeof value === 'string' ? utf8.encode(value) : value,
})
export const nested = (value: ThriftStruct): ThriftField => ({ kind: kinds.struct, value })
export const list = (of: number, items: readonly ThriftItem[]): ThriftField => ({
  kind: kinds.list,
  value: { of, items },
})

class Out extends Bytes {
  item(kind: number, value: ThriftItem): void {
    switch (kind) {
      case kinds.byte:
        this.byte((value as number) & 255)
        break
      case kinds.i16:
      case kinds.i32:
      case kinds.i64:
        this.zigzag(value as number)
        break
      case kinds.double: {
        this.room(8)
        new DataView(this.bytes.buffer).setFloat64(this.at, value as number, true)
        this.at += 8
        break
      }
      case kinds.binary: {
        const bytes = value as Uint8Array
        this.varint(bytes.length)
        this.put(bytes)
        break
      }
      case kinds.list: {
        const { of, items } = value as ThriftList
        if (items.length < 15) this.byte((items.length << 4) | of)
        else {
          this.byte(0xf0 | of)
          this.varint(items.length)
        }
        for (const item of items) {
          if (of === kinds.true) this.byte(item === true ? 1 : 2)
          else this.item(of, item)
        }
        break
      }
      case kinds.struct:
        this.struct(value as ThriftStruct)
        break
      default:
        throw new Error(`unknown thrift type ${kind}`)
    }
  }

  struct(fields: ThriftStruct): void {
    let last = 0
    for (const [id, { kind, value }] of fields) {
      const isBoolean = kind === kinds.true || kind === kinds.false
      const head = isBoolean ? (value === true ? kinds.true : kinds.false) : kind
      const step = id - last
      if (step >= 1 && step <= 15) this.byte((step << 4) | head)
      else {
        this.byte(head)
        this.zigzag(id)
      }
      last = id
      if (!isBoolean) this.item(kind, value)
    }
    this.byte(0)
  }
}

export function encodeThrift(value: ThriftStruct): Uint8Array {
  const out = new Out(4096)
  out.struct(value)
  return out.taken().slice()
}

class In {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  byte(): number {
    const value = this.#bytes[this.at++]
    if (value === undefined) throw new Error('truncated thrift struct')
    return value
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const next = this.byte()
      value += (next & 127) * factor
      if (next < 128) return value
    }
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  item(kind: number): ThriftItem {
    switch (kind) {
      case kinds.byte:
        return (this.byte() << 24) >> 24
      case kinds.i16:
      case kinds.i32:
      case kinds.i64:
        return this.zigzag()
      case kinds.double: {
        this.at += 8
        return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(this.at - 8, true)
      }
      case kinds.binary: {
        const length = this.varint()
        this.at += length
        if (this.at > this.#bytes.length) throw new Error('truncated thrift string')
        return this.#bytes.slice(this.at - length, this.at)
      }
      case kinds.list: {
        const head = this.byte()
        const of = (head & 15) === kinds.false ? kinds.true : head & 15
        const size = head >> 4 === 15 ? this.varint() : head >> 4
        const items: ThriftItem[] = []
        for (let i = 0; i < size; i++) items.push(of === kinds.true ? this.byte() === 1 : this.item(of))
        return { of, items }
      }
      case kinds.struct:
        return this.struct()
      default:
        throw new Error(`unknown thrift type ${kind}`)
    }
  }

  struct(): ThriftStruct {
    const fields = new Map<number, ThriftField>()
    for (let last = 0; ;) {
      const head = this.byte()
      if (head === 0) return fields
      last = head >> 4 === 0 ? this.zigzag() : last + (head >> 4)
      const kind = head & 15
      const isBoolean = kind === kinds.true || kind === kinds.false
      fields.set(last, isBoolean ? { kind: kinds.true, value: kind === kinds.true } : { kind, value: this.item(kind) })
    }
  }
}

/** Integers beyond 2^53 lose precision. Throws if truncated. */
export function decodeThrift(bytes: Uint8Array, at = 0): ThriftStruct {
  return new In(bytes, at).struct()
}
