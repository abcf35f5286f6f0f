import { integers, plain, texts, type Chunk } from '../parquet/column.ts'
import { parquetFile } from '../parquet/file.ts'
import { Presence } from '../parquet/levels.ts'
import { rollupColumns, sums, type RollupColumn } from './schema.ts'
import type { RollupRow } from './rows.ts'

const twoTo64 = 1n << 64n

/** A Parquet file of a rollup's rows, with the columns that some row has a value in. */
export function rollupFile(rows: readonly RollupRow[], metadata: Readonly<Record<string, string>>): { readonly pieces: readonly Uint8Array[]; readonly columns: readonly string[] } {
  const chunks = rollupColumns.map((column, place) => chunkOf(column, place, rows)).filter((chunk) => chunk !== undefined)
  return { pieces: parquetFile(chunks, rows.length === 0 ? [] : [{ rows: rows.length, chunks }], metadata), columns: chunks.map(({ name }) => name) }
}

function chunkOf({ name, kind }: RollupColumn, place: number, rows: readonly RollupRow[]): Chunk | undefined {
  if (name === 'time') return numbers(name, 'ms', rows.map(({ time }) => time))
  if (name === 'folded') return numbers(name, 'u8', rows.map(({ folded }) => folded))
  const sum = (sums as readonly string[]).indexOf(name.replace('_over', ''))
  if (sum >= 0) return name.endsWith('_over') ? over(name, sum, rows) : wide(name, rows.map((row) => row.sums[sum] as number | bigint))
  if (kind === 'text') return strings(name, place, rows)
  return kind === 'u8' || kind === 'u16' || kind === 'u32' ? numbers(name, kind, rows.map(({ values }) => values[place] as number | undefined)) : undefined
}

function numbers(name: string, type: 'u8' | 'u16' | 'u32' | 'ms', values: readonly (number | undefined)[]): Chunk | undefined {
  const presence = new Presence()
  const there: number[] = []
  for (const value of values) {
    presence.add(value !== undefined)
    if (value !== undefined) there.push(value)
  }
  if (there.length === 0) return undefined
  const base = type === 'ms' ? there.reduce((a, b) => Math.min(a, b)) : 0
  if (type === 'ms' && there.some((value) => value - base >= 2 ** 31)) return plain({ name, type }, new Uint8Array(BigInt64Array.from(there, BigInt).buffer), presence)
  return integers({ name, type }, Uint32Array.from(there, (value) => value - base), there.length, base, presence)
}

/** The lower 64 bits of sums. */
function wide(name: string, values: readonly (number | bigint)[]): Chunk {
  const presence = new Presence()
  presence.fill(values.length, true)
  if (values.every((value) => value < 0x80000000)) return integers({ name, type: 'u64' }, Uint32Array.from(values, Number), values.length, 0, presence)
  return plain({ name, type: 'u64' }, new Uint8Array(BigUint64Array.from(values, (value) => BigInt(value) % twoTo64).buffer), presence)
}

/** What is above them, in files where there is any. */
function over(name: string, sum: number, rows: readonly RollupRow[]): Chunk | undefined {
  if (rows.every(({ sums: values }) => (values[sum] as number | bigint) < twoTo64)) return undefined
  return wide(name, rows.map(({ sums: values }) => BigInt(values[sum] as number | bigint) / twoTo64))
}

function strings(name: string, place: number, rows: readonly RollupRow[]): Chunk | undefined {
  const presence = new Presence()
  const entries = new Map<string, number>()
  const indexes: number[] = []
  for (const { values } of rows) {
    const value = values[place] as string | undefined
    presence.add(value !== undefined)
    if (value === undefined) continue
    let index = entries.get(value)
    if (index === undefined) entries.set(value, (index = entries.size))
    indexes.push(index)
  }
  return indexes.length === 0 ? undefined : texts({ name, type: 'text' }, [...entries.keys()], Uint32Array.from(indexes), indexes.length, presence)
}

