import { chunkMeta, type Chunk, type Column } from './column.ts'
import { elementsOf, pathOf, rootElement } from './schema.ts'
import { binary, encodeThrift, i32, i64, kinds, list, struct, type ThriftStruct } from './thrift.ts'

export const magic = Uint8Array.of(0x50, 0x41, 0x52, 0x31)

export type RowGroup = Readonly<{
  rows: number
  chunks: readonly Chunk[]
}>

export function parquetFile(
  columns: readonly Column[],
  groups: readonly RowGroup[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const pieces: Uint8Array[] = [magic]
  let offset = magic.length
  const paths = columns.map(({ name, type }) => pathOf(name, type).map((part) => new TextEncoder().encode(part)))
  const groupMetas = groups.map(({ rows, chunks }, ordinal) => {
    const start = offset
    let uncompressed = 0
    const metas = chunks.map((chunk, index) => {
      const meta = chunkMeta(chunk, offset, paths[index] ?? [])
      pieces.push(...chunk.pieces)
      offset += chunk.bytes
      uncompressed += chunk.uncompressed
      return meta
    })
    return struct(
      [1, list(kinds.struct, metas)],
      [2, i64(uncompressed)],
      [3, i64(rows)],
      [5, i64(start)],
      [6, i64(offset - start)],
      [7, { kind: kinds.i16, value: ordinal }],
    )
  })
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  pieces.push(
    ...footer(
      [rootElement(columns.length), ...columns.flatMap(({ name, type }) => elementsOf(name, type))],
      rows,
      groupMetas,
      metadata,
    ),
  )
  return pieces
}

export function footer(
  schema: readonly ThriftStruct[],
  rows: number,
  groups: readonly ThriftStruct[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const meta = encodeThrift(
    struct(
      [1, i32(1)],
      [2, list(kinds.struct, schema)],
      [3, i64(rows)],
      [4, list(kinds.struct, groups)],
      [
        5,
        list(
          kinds.struct,
          Object.entries(metadata).map(([key, value]) => struct([1, binary(key)], [2, binary(value)])),
        ),
      ],
      [6, binary('weir')],
    ),
  )
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, meta.length, true)
  return [meta, length, magic]
}
