/** The largest groups of a rollup within the memory of queries. */
import { countError } from '../../../model/distinct-estimate.ts'
import { dialectOf } from '../../../query/index.ts'
import {
  groupsSql,
  hasManyGroups,
  isMeasure,
  rollupGroupsSql,
  rollupTotalsSql,
  type GroupsRequest,
  type RollupTotals,
  type SummedBuckets,
} from '../../../query/plan/index.ts'
import type { Surroundings } from '../../operation.ts'
import { readRows } from '../../rows.ts'
import { currentWork } from '../../work.ts'
import { largestFirst } from './many-groups.ts'
import type { SumRow } from './request.ts'

const defaultLimits = {
  /** Rows of which one statement keeps all groups, some 100 bytes of each. */
  many: 3_000_000,
  /** Rows of the buckets that are summed by group. */
  most: 600_000,
}

/** `totals`: those of the rollup for the request, if they were read. */
export type RollupReading = Pick<Surroundings, 'store' | 'signal'> & Readonly<{ totals?: RollupTotals | undefined }>

/** Rows of `groupsSql`. Of many groups, their number is estimated, with its relative error as `_groups_error`. */
export async function rollupGroups(
  reading: RollupReading,
  request: GroupsRequest,
  { many, most } = defaultLimits,
): Promise<readonly SumRow[]> {
  const dialect = dialectOf(reading.store)
  const plain = () => readRows<SumRow>(reading, groupsSql(request, dialect))
  if (!dialect.hasParts || !isMeasure(request.by) || request.of !== undefined || !hasManyGroups(request)) return plain()
  const all = reading.totals ?? (await readRows<RollupTotals>(reading, rollupTotalsSql(request)))[0]
  const rows = Number(all?.['_rows'])
  if (all === undefined || rows <= many) return plain()
  const read = (request: GroupsRequest, summed: SummedBuckets) =>
    readRows<SumRow>(reading, rollupGroupsSql(request, all, summed))
  const largest = await read(request, { most })
  if (largest[0]?.['_certain'] === true) return largest.map(stated)
  return inParts(request, Math.ceil(rows / most), read)
}

async function inParts(
  request: GroupsRequest,
  parts: number,
  read: (request: GroupsRequest, summed: SummedBuckets) => Promise<readonly SumRow[]>,
): Promise<readonly SumRow[]> {
  const { by, limit } = request
  currentWork()?.expect(parts)
  let largest: readonly SumRow[] = []
  let totals: SumRow = {}
  for (let part = 0; part < parts; part++) {
    const rows = await read({ ...request, limit: limit + 1 }, { parts, part })
    // Totals of all parts; also a part without groups has a row.
    totals = rows[0] ?? totals
    const listed = [...largest, ...rows.filter((row) => row['_place'] !== null)]
    largest = listed.sort(largestFirst(request)).slice(0, limit + 1)
  }
  const rankAt = (index: number) => largest[index]?.[`_${by}`] ?? 0
  const bounds = { _least: rankAt(Math.min(limit, largest.length) - 1), _next: rankAt(limit) }
  const listed = largest.slice(0, limit).map((row, index) => stated({ ...row, ...bounds, _place: index + 1 }))
  return listed.length === 0 ? [stated({ ...totals, ...bounds })] : listed
}

function stated({ _certain: _, _registers: registers, ...row }: SumRow): SumRow {
  return { ...row, _groups_error: countError(Number(registers)) }
}
