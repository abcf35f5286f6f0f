/**
 * After an insert with an unknown outcome the server may have recorded the token without the rows; positions decide.
 */
import type { ClickHouseClient } from '../../net/clickhouse/client.ts'
import type { Target } from './map.ts'
import { filterRows, type ChosenRows } from './map-rows.ts'
import { fullName, quotedText } from './map-schema.ts'

export type Stored = Readonly<{
  rows: number
  missing: ChosenRows
}>

export async function storedOf(
  client: ClickHouseClient,
  target: Target,
  rows: ChosenRows,
  signal: AbortSignal,
): Promise<Stored> {
  const table = fullName(target, rows.kind)
  const where = conditionOf(target.writer, rows)
  const [counted] = await client.rows<{ stored: bigint; different: bigint }>(
    `SELECT count() AS stored, uniqExact(_source, _epoch, _sequence, _row) AS different FROM ${table} WHERE ${where}`,
    signal,
  )
  const stored = Number(counted?.stored ?? 0)
  if (Number(counted?.different ?? 0) === rows.count) return { rows: stored, missing: filterRows(rows, () => false) }
  const results = await client.rows<{ s: string; e: bigint; q: bigint; r: number }>(
    `SELECT _source AS s, _epoch AS e, _sequence AS q, _row AS r FROM ${table} WHERE ${where}`,
    signal,
  )
  const written = new Set(results.map(({ s, e, q, r }) => `${s}:${e}:${q}:${r}`))
  const ids = positionsOf(rows)
  return { rows: stored, missing: filterRows(rows, (at) => !written.has(ids[at] ?? '')) }
}

function positionsOf({ slices }: ChosenRows) {
  return slices.flatMap(({ piece: { header, firstRow }, rows }) =>
    Array.from(rows, (row) => `${header.source}:${header.epoch}:${header.sourceSequence}:${firstRow + row}`),
  )
}

function conditionOf(writer: string, { slices }: ChosenRows): string {
  const times = slices.map(({ piece }) => piece.header.received)
  const time = (ms: number) => `fromUnixTimestamp64Milli(toInt64(${Math.round(ms)}), 'UTC')`
  const ranges = slices.map(({ piece: { header, firstRow }, rows }) => {
    const [first, last] = [firstRow + (rows[0] ?? 0), firstRow + (rows.at(-1) ?? 0)]
    return (
      `(_source = ${quotedText(header.source)} AND _epoch = ${header.epoch} AND _sequence = ${header.sourceSequence} ` +
      `AND _row BETWEEN ${first} AND ${last})`
    )
  })
  return (
    `_writer = ${quotedText(writer)} AND _received BETWEEN ${time(Math.min(...times))} AND ` +
    `${time(Math.max(...times))} AND (${ranges.join(' OR ')})`
  )
}
