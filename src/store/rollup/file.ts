import { absentChunk } from '../flows/numbers.ts'
import { integers, plain, texts, type Chunk } from '../../codecs/parquet/column.ts'
import { parquetFile } from '../../codecs/parquet/file.ts'
import { Presence } from '../../codecs/parquet/levels.ts'
import { rollupColumns, sums, type RollupColumn } from './schema.ts'
import type { RollupRows } from './rows.ts'

const twoTo32 = 4_294_967_296
const twoTo64 = 1n << 64n
const minuteMs = 60_000

export function rollupFile(
  pieces: readonly RollupRows[],
  metadata: Readonly<Record<string, string>>,
): Readonly<{ pieces: readonly Uint8Array[]; rows: number; columns: readonly string[] }> {
  const filled = pieces.filter(({ count }) => count > 0)
  const groups = filled.map(
    (rows) =>
      new Map(
        rollupColumns.flatMap((column) => {
          const chunk = chunkOf(column, rows)
          return chunk === undefined ? [] : [[column.name, chunk] as const]
        }),
      ),
  )
  const columns = rollupColumns
    .filter(({ name }) => groups.some((chunks) => chunks.has(name)))
    .map(({ name, kind }) => ({ name, type: kind }))
  const whole = filled.map(({ count }, index) => ({
    rows: count,
    chunks: columns.map(({ name, type }) => groups[index]?.get(name) ?? absentChunk(name, type, count)),
  }))
  return {
    pieces: parquetFile(columns, whole, metadata),
    rows: filled.reduce((sum, { count }) => sum + count, 0),
    columns: columns.map(({ name }) => name),
  }
}

function chunkOf({ name, kind }: RollupColumn, rows: RollupRows): Chunk | undefined {
  if (name === 'time') return times(rows)
  if (name === 'folded')
    return integers({ name, type: 'u8' }, new Uint32Array(rows.folded), rows.count, 0, all(rows.count))
  const sum = (sums as readonly string[]).indexOf(name.replace('_over', ''))
  if (sum >= 0) return name.endsWith('_over') ? over(name, rows.sums[sum] ?? []) : wide(name, rows.sums[sum] ?? [])
  const column = rows.values.get(name)
  if (column === undefined) return undefined
  const { values, presence } = column
  return column.texts === undefined
    ? integers({ name, type: kind }, values, values.length, 0, presence)
    : texts({ name, type: kind }, column.texts, values, values.length, presence)
}

function all(rows: number): Presence {
  const presence = new Presence()
  presence.addPresent(rows)
  return presence
}

function times({ minutes, count }: RollupRows): Chunk {
  const column = { name: 'time', type: 'ms' } as const
  let [min, max] = [Infinity, 0]
  for (const minute of minutes) {
    if (minute < min) min = minute
    if (minute > max) max = minute
  }
  if ((max - min) * minuteMs >= 2 ** 31)
    return plain(
      column,
      new Uint8Array(BigInt64Array.from(minutes, (minute) => BigInt(minute * minuteMs)).buffer),
      all(count),
    )
  const values = new Uint32Array(count)
  for (let row = 0; row < count; row++) values[row] = (minutes[row]! - min) * minuteMs
  return integers(column, values, count, min * minuteMs, all(count))
}

function wide(name: string, values: RollupRows['sums'][number]): Chunk {
  const column = { name, type: 'u64' } as const
  const presence = all(values.length)
  if (!(values instanceof Float64Array)) {
    if (values.every((value) => value <= Number.MAX_SAFE_INTEGER)) return wide(name, Float64Array.from(values, Number))
    return plain(
      column,
      new Uint8Array(BigUint64Array.from(values, (value) => BigInt(value) % twoTo64).buffer),
      presence,
    )
  }
  let max = 0
  for (const value of values) if (value > max) max = value
  if (max < 2 ** 31) return integers(column, new Uint32Array(values), values.length, 0, presence)
  const words = new Uint32Array(2 * values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    words[2 * row] = value % twoTo32
    words[2 * row + 1] = Math.floor(value / twoTo32)
  }
  return plain(column, new Uint8Array(words.buffer), presence)
}

/** Bits above 64; absent in most files. */
function over(name: string, values: RollupRows['sums'][number]): Chunk | undefined {
  if (values instanceof Float64Array || values.every((value) => value < twoTo64)) return undefined
  return wide(
    name,
    values.map((value) => BigInt(value) / twoTo64),
  )
}
