import { binary, byte, i32, nested, no, struct, yes, type ThriftStruct } from './thrift.ts'

/** `ms` and `us`: since 1970 in UTC. */
export type ColumnType =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'f64'
  | 'ms'
  | 'us'
  | 'text'
  | 'json'
  | 'list<u8>'
  | 'list<text>'

export const physical = { int32: 1, int64: 2, double: 5, bytes: 6 } as const

type Shape = Readonly<{
  type: number
  converted?: number
  logical?: ThriftStruct
}>

const repetition = { required: 0, optional: 1, repeated: 2 } as const
const empty = struct()

function time(unit: number) {
  return struct([8, nested(struct([1, yes], [2, nested(struct([unit, nested(empty)]))]))])
}

function unsigned(bits: number, converted: number, type: number): Shape {
  return { type, converted, logical: struct([10, nested(struct([1, byte(bits)], [2, no]))]) }
}

const shapes: Readonly<Record<Exclude<ColumnType, 'list<u8>' | 'list<text>'>, Shape>> = {
  u8: unsigned(8, 11, physical.int32),
  u16: unsigned(16, 12, physical.int32),
  u32: unsigned(32, 13, physical.int32),
  u64: unsigned(64, 14, physical.int64),
  i32: { type: physical.int32, converted: 17 },
  i64: { type: physical.int64, converted: 18 },
  f64: { type: physical.double },
  ms: { type: physical.int64, converted: 9, logical: time(1) },
  us: { type: physical.int64, converted: 10, logical: time(2) },
  text: { type: physical.bytes, converted: 0, logical: struct([1, nested(empty)]) },
  json: { type: physical.bytes, converted: 19, logical: struct([12, nested(empty)]) },
}

function isList(type: ColumnType): type is 'list<u8>' | 'list<text>' {
  return type === 'list<u8>' || type === 'list<text>'
}

function shapeOf(type: ColumnType) {
  return shapes[type === 'list<u8>' ? 'u8' : type === 'list<text>' ? 'text' : type]
}

export function physicalType(type: ColumnType): number {
  return shapeOf(type).type
}

export function pathOf(name: string, type: ColumnType): readonly string[] {
  return isList(type) ? [name, 'list', 'element'] : [name]
}

function leaf(name: string, { type, converted, logical }: Shape): ThriftStruct {
  return struct(
    [1, i32(type)],
    [3, i32(repetition.optional)],
    [4, binary(name)],
    [6, converted === undefined ? undefined : i32(converted)],
    [10, logical === undefined ? undefined : nested(logical)],
  )
}

export function elementsOf(name: string, type: ColumnType): readonly ThriftStruct[] {
  const shape = shapeOf(type)
  if (!isList(type)) return [leaf(name, shape)]
  const converted = 3
  return [
    struct(
      [3, i32(repetition.optional)],
      [4, binary(name)],
      [5, i32(1)],
      [6, i32(converted)],
      [10, nested(struct([3, nested(empty)]))],
    ),
    struct([3, i32(repetition.repeated)], [4, binary('list')], [5, i32(1)]),
    leaf('element', shape),
  ]
}

export function rootElement(columns: number): ThriftStruct {
  return struct([4, binary('schema')], [5, i32(columns)])
}
