import { endpointParts } from '../../model/endpoint.ts'
import { integers, plain, texts, type Chunk } from '../../codecs/parquet/column.ts'
import { parquetFile } from '../../codecs/parquet/file.ts'
import { Presence } from '../../codecs/parquet/levels.ts'
import { unknownColumn } from '../schema.ts'
import type { EndpointRow } from '../table-writer.ts'

/** An address lookup reads few of the sorted rows. */
export const endpointGroupRows = 2048

export function endpointFile(
  endpoints: readonly EndpointRow[],
  metadata: Readonly<Record<string, string>>,
): Readonly<{ pieces: readonly Uint8Array[]; rows: number; columns: readonly string[] }> {
  const sorted = endpoints.toSorted((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  // Queries need not join absent columns.
  const parts = endpointParts.filter((part) => sorted.some(({ meaning }) => meaning[part] !== undefined))
  const hasUnknown = sorted.some(({ unknownAt }) => unknownAt !== undefined)
  const groups = Array.from({ length: Math.max(1, Math.ceil(sorted.length / endpointGroupRows)) }, (_, group) => {
    const rows = sorted.slice(group * endpointGroupRows, (group + 1) * endpointGroupRows)
    return {
      rows: rows.length,
      chunks: [
        ids(rows),
        strings('addr', rows, ({ address }) => address),
        ...parts.map((part) => strings(part, rows, ({ meaning }) => meaning[part])),
        ...(hasUnknown ? [strings(unknownColumn, rows, ({ unknownAt }) => unknownAt?.toString())] : []),
      ],
    }
  })
  return {
    pieces: parquetFile(groups[0]?.chunks ?? [], groups, metadata),
    rows: sorted.length,
    columns: ['ep', ...parts, ...(hasUnknown ? [unknownColumn] : [])],
  }
}

function ids(rows: readonly EndpointRow[]): Chunk {
  const presence = new Presence()
  presence.fill(rows.length, true)
  const base = rows.reduce((min, { id }) => Math.min(min, id), Infinity)
  const far = rows.some(({ id }) => id - base >= 2 ** 31)
  const column = { name: 'ep', type: 'i64' } as const
  if (far) return plain(column, new Uint8Array(BigInt64Array.from(rows, ({ id }) => BigInt(id)).buffer), presence)
  return integers(
    column,
    Uint32Array.from(rows, ({ id }) => id - base),
    rows.length,
    base,
    presence,
  )
}

function strings(name: string, rows: readonly EndpointRow[], of: (row: EndpointRow) => string | undefined): Chunk {
  const presence = new Presence()
  const entries = new Map<string, number>()
  const indexes = new Uint32Array(rows.length)
  let at = 0
  for (const row of rows) {
    const text = of(row)
    presence.add(text !== undefined)
    if (text === undefined) continue
    let index = entries.get(text)
    if (index === undefined) entries.set(text, (index = entries.size))
    indexes[at++] = index
  }
  return texts({ name, type: 'text' }, [...entries.keys()], indexes, at, presence)
}
