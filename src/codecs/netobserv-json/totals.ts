import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column, type U64Column } from '../../model/columns.ts'

const types = ['newConnection', 'heartbeat', 'endConnection'] as const
const parts = { bytes: ['bytes_ab', 'bytes_ba'], packets: ['packets_ab', 'packets_ba'] } as const

/** Records of connections have the sum of both directions. Their rows lack it, so that sums do not count them. */
export function withTotals(batch: FlowBatch): FlowBatch {
  const type = batch.columns['record_type']
  if (type?.kind !== 'dict') return batch
  const codes = new Set(types.map((name) => batch.dictionary.indexOf(name)).filter((code) => code > 0))
  if (codes.size === 0) return batch
  const columns: Record<string, Column> = { ...batch.columns }
  for (const [name, directions] of Object.entries(parts)) {
    const [ab, ba] = directions.map((direction) => wide(batch.columns[direction]))
    columns[name] = total(batch.count, wide(batch.columns[name]), (row) =>
      codes.has(type.codes[row]!) ? [ab, ba] : [],
    )
  }
  return { ...batch, columns }
}

function total(
  count: number,
  u64Column: U64Column | undefined,
  directions: (row: number) => readonly (U64Column | undefined)[],
): U64Column {
  const words = new Uint32Array(2 * count)
  const valid = new Uint8Array((count + 7) >> 3)
  const has = (column: U64Column | undefined, row: number): column is U64Column =>
    column !== undefined && isPresent(column.valid, row)
  for (let row = 0; row < count; row++) {
    const from = has(u64Column, row) ? [u64Column] : directions(row).filter((column) => has(column, row))
    if (from.length === 0) continue
    let [low, high] = [0, 0]
    for (const column of from) {
      low += column?.words[2 * row] ?? 0
      high += column?.words[2 * row + 1] ?? 0
    }
    words[2 * row] = low
    words[2 * row + 1] = high + (low > 0xffff_ffff ? 1 : 0)
    valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7))
  }
  return { kind: 'u64', words, valid }
}

function wide(column: Column | undefined) {
  return column?.kind === 'u64' ? column : undefined
}
