import { crc32 } from 'node:zlib'
import type { Disk } from '../../host/index.ts'
import { footer, magic } from '../../codecs/parquet/file.ts'
import {
  decodeThrift,
  encodeThrift,
  i32,
  i64,
  kinds,
  list,
  nested,
  struct,
  binary,
  type ThriftField,
  type ThriftList,
  type ThriftStruct,
} from '../../codecs/parquet/thrift.ts'

const copyBytes = 1 << 20

type Source = Readonly<{
  path: string
  rows: number
  end: number
  columns: ReadonlyMap<string, readonly ThriftStruct[]>
  groups: readonly ThriftStruct[]
}>

function number(of: ThriftStruct, id: number) {
  return Number(of.get(id)?.value ?? 0)
}

function items(of: ThriftStruct, id: number) {
  return ((of.get(id)?.value as ThriftList | undefined)?.items ?? []) as readonly ThriftStruct[]
}

function text(field: ThriftField | undefined) {
  return Buffer.from((field?.value as Uint8Array | undefined) ?? []).toString('utf8')
}

async function read(disk: Disk, path: string): Promise<Source> {
  const file = await disk.open(path, 'read')
  try {
    const size = await file.size()
    const tail = new Uint8Array(8)
    await file.read(tail, size - 8)
    const length = new DataView(tail.buffer).getUint32(0, true)
    if (!tail.subarray(4).every((byte, at) => byte === magic[at]) || length > size - 12)
      throw new Error(`${path} is not a Parquet file`)
    const bytes = new Uint8Array(length)
    await file.read(bytes, size - 8 - length)
    const meta = decodeThrift(bytes)
    const schema = items(meta, 2)
    const columns = new Map<string, ThriftStruct[]>()
    for (let at = 1; at < schema.length;) {
      const first = at++
      for (let open = number(schema[first]!, 5); open > 0; open--) open += number(schema[at++]!, 5)
      columns.set(text(schema[first]?.get(4)), schema.slice(first, at))
    }
    return { path, rows: number(meta, 3), end: size - 8 - length, columns, groups: items(meta, 4) }
  } finally {
    await file.close()
  }
}

function sameColumn(a: readonly ThriftStruct[], b: readonly ThriftStruct[]) {
  return (
    a.length === b.length &&
    a.every((element, at) => [1, 3, 5, 6].every((id) => element.get(id)?.value === b[at]?.get(id)?.value))
  )
}

function columnOf(chunk: ThriftStruct) {
  const meta = chunk.get(3)?.value as ThriftStruct | undefined
  const path = meta?.get(3)?.value as ThriftList | undefined
  return Buffer.from((path?.items[0] ?? []) as Uint8Array).toString('utf8')
}

function shifted(field: ThriftField | undefined, by: number): ThriftField | undefined {
  return field === undefined ? undefined : i64(Number(field.value) + by)
}

function moved(chunk: ThriftStruct, by: number): ThriftStruct {
  const meta = new Map(chunk.get(3)?.value as ThriftStruct)
  for (const id of [9, 10, 11, 14]) {
    const field = shifted(meta.get(id), by)
    if (field !== undefined) meta.set(id, field)
  }
  return struct([2, shifted(chunk.get(2), by)], [3, nested(meta)])
}

function absent(
  elements: readonly ThriftStruct[],
  name: string,
  rows: number,
): { readonly bytes: Uint8Array; entry(offset: number): ThriftStruct } {
  const run: number[] = []
  for (let rest = rows * 2; ; rest = Math.floor(rest / 128)) {
    run.push(rest < 128 ? rest : (rest % 128) | 128)
    if (rest < 128) break
  }
  const level = [...run, 0]
  // Also in lists, where repetition levels are first.
  const levelBytes = [level.length, 0, 0, 0, ...level]
  const body = Uint8Array.from(elements.length > 1 ? [...levelBytes, ...levelBytes] : levelBytes)
  const head = encodeThrift(
    struct(
      [1, i32(0)],
      [2, i32(body.length)],
      [3, i32(body.length)],
      [5, nested(struct([1, i32(rows)], [2, i32(0)], [3, i32(3)], [4, i32(3)]))],
    ),
  )
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  const path = elements.map((element, at) => (at === 0 ? name : text(element.get(4))))
  return {
    bytes,
    entry: (offset) =>
      struct(
        [2, i64(offset)],
        [
          3,
          nested(
            struct(
              [1, elements.at(-1)?.get(1) ?? i32(0)],
              [2, list(kinds.i32, [0, 3])],
              [
                3,
                list(
                  kinds.binary,
                  path.map((part) => binary(part).value),
                ),
              ],
              [4, i32(0)],
              [5, i64(rows)],
              [6, i64(bytes.length)],
              [7, i64(bytes.length)],
              [9, i64(offset)],
              [12, nested(struct([3, i64(rows)]))],
            ),
          ),
        ],
      ),
  }
}

/**
 * Joins files without decoding them. Undefined if column types differ, or if row groups are on average below both
 * minimums.
 */
export async function concatenate(
  disk: Disk,
  from: readonly string[],
  path: string,
  metadata: Readonly<Record<string, string>>,
  fewest: Readonly<{ rows: number; bytes: number }>,
): Promise<Readonly<{ rows: number; bytes: number; crc: number }> | undefined> {
  const sources: Source[] = []
  for (const path of from) sources.push(await read(disk, path))
  const rows = sources.reduce((sum, source) => sum + source.rows, 0)
  const all = sources.flatMap(({ groups }) => groups)
  if (
    rows < fewest.rows * all.length &&
    all.reduce((sum, group) => sum + number(group, 2), 0) < fewest.bytes * all.length
  )
    return undefined
  const columns = new Map<string, readonly ThriftStruct[]>()
  for (const source of sources) {
    for (const [name, elements] of source.columns) {
      const column = columns.get(name)
      if (column !== undefined && !sameColumn(column, elements)) return undefined
      columns.set(name, column ?? elements)
    }
  }
  const file = await disk.open(path, 'write')
  try {
    await file.truncate(0)
    let [at, crc] = [0, 0]
    const append = async (bytes: Uint8Array) => {
      await file.write(bytes, at)
      crc = crc32(bytes, crc)
      at += bytes.length
    }
    await append(magic)
    const groups: ThriftStruct[] = []
    for (const source of sources) {
      const by = at - magic.length
      await copy(disk, source, append)
      for (const group of source.groups) {
        const chunks = new Map(items(group, 1).map((chunk) => [columnOf(chunk), chunk]))
        const entries: ThriftStruct[] = []
        for (const [name, elements] of columns) {
          const chunk = chunks.get(name)
          if (chunk !== undefined) {
            entries.push(moved(chunk, by))
            continue
          }
          const none = absent(elements, name, number(group, 3))
          entries.push(none.entry(at))
          await append(none.bytes)
        }
        groups.push(
          struct(
            [1, list(kinds.struct, entries)],
            [2, group.get(2)],
            [3, group.get(3)],
            [7, { kind: kinds.i16, value: groups.length }],
          ),
        )
      }
    }
    const schema = [struct([4, binary('schema')], [5, i32(columns.size)]), ...[...columns.values()].flat()]
    for (const piece of footer(schema, rows, groups, metadata)) await append(piece)
    return { rows, bytes: at, crc }
  } finally {
    await file.close()
  }
}

async function copy(disk: Disk, { path, end }: Source, append: (bytes: Uint8Array) => Promise<void>) {
  const from = await disk.open(path, 'read')
  try {
    const buffer = new Uint8Array(copyBytes)
    for (let done = magic.length; done < end;) {
      const piece = buffer.subarray(0, Math.min(copyBytes, end - done))
      if ((await from.read(piece, done)) !== piece.length) throw new Error(`${path} is shorter than before`)
      await append(piece)
      done += piece.length
    }
  } finally {
    await from.close()
  }
}
