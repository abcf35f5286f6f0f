// Reads protobuf messages without their definition, with the reader of @bufbuild/protobuf.
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'

export class ProtoMessage {
  readonly #fields = new Map<number, unknown[]>()

  constructor(bytes: Uint8Array) {
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag()
      const value =
        type === WireType.Varint
          ? BigInt(reader.int64())
          : type === WireType.Bit64
            ? BigInt(reader.fixed64())
            : type === WireType.Bit32
              ? reader.fixed32()
              : type === WireType.LengthDelimited
                ? reader.bytes()
                : reader.skip(type, field)
      this.#fields.set(field, [...(this.#fields.get(field) ?? []), value])
    }
  }

  /** Numbers of the fields that are present. */
  get fields(): readonly number[] {
    return [...this.#fields.keys()]
  }

  messages(field: number): ProtoMessage[] {
    return (this.#fields.get(field) ?? []).map((bytes) => new ProtoMessage(bytes as Uint8Array))
  }

  message(field: number): ProtoMessage {
    return this.messages(field)[0] ?? new ProtoMessage(new Uint8Array(0))
  }

  text(field: number): string {
    return Buffer.from((this.#fields.get(field)?.[0] ?? []) as Uint8Array).toString()
  }

  texts(field: number): string[] {
    return (this.#fields.get(field) ?? []).map((bytes) => Buffer.from(bytes as Uint8Array).toString())
  }

  /** Varints of a packed field. */
  packed(field: number): number[] {
    const reader = new BinaryReader(this.bytes(field))
    const numbers: number[] = []
    while (reader.pos < reader.len) numbers.push(reader.uint32())
    return numbers
  }

  bytes(field: number): Uint8Array {
    return (this.#fields.get(field)?.[0] ?? new Uint8Array(0)) as Uint8Array
  }

  number(field: number): number {
    return Number(this.#fields.get(field)?.[0] ?? 0)
  }

  /** Whole numbers of all varint or fixed fields; repeated ones may be packed as fixed64. */
  numbers(field: number): number[] {
    return (this.#fields.get(field) ?? []).flatMap((value) => {
      if (!(value instanceof Uint8Array)) return [Number(value)]
      const view = new DataView(value.buffer, value.byteOffset, value.length)
      return Array.from({ length: value.length / 8 }, (_, i) => Number(view.getBigUint64(8 * i, true)))
    })
  }

  /** The bits of a 64-bit field as a double. */
  double(field: number): number {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, BigInt.asUintN(64, BigInt((this.#fields.get(field)?.[0] ?? 0) as bigint)))
    return view.getFloat64(0)
  }
}
