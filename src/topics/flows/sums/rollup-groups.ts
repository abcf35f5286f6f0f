/** The largest groups of a rollup within the memory of queries. */
import type { StoreReader } from '../../../engine/control.ts'
import { countError } from '../../../model/distinct-estimate.ts'
import { dialectOf } from '../../../query/index.ts'
import {
  groupsSql,
  hasManyGroups,
  isMeasure,
  rollupGroupsSql,
  rollupSizeSql,
  type GroupsRequest,
} from '../../../query/plan/index.ts'
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

/** Rows of `groupsSql`. Of many groups, their number is estimated, with its relative error as `_groups_error`. */
export async function rollupGroups(
  store: StoreReader,
  request: GroupsRequest,
  signal: AbortSignal,
  { many, most } = defaultLimits,
): Promise<readonly SumRow[]> {
  const dialect = dialectOf(store)
  const plain = () => readRows<SumRow>({ store, signal }, groupsSql(request, dialect))
  if (!dialect.hasParts || !isMeasure(request.by) || request.of !== undefined || !hasManyGroups(request)) return plain()
  const [size] = await readRows<SumRow>({ store, signal }, rollupSizeSql(request))
  const rows = Number(size?.['_rows'])
  if (rows <= many) return plain()
  const largest = await readRows<SumRow>({ store, signal }, rollupGroupsSql(request, { most }))
  if (largest[0]?.['_certain'] === true) return largest.map(stated)
  return inParts({ store, signal }, request, Math.ceil(rows / most))
}

async function inParts(
  reading: Readonly<{ store: StoreReader; signal: AbortSignal }>,
  request: GroupsRequest,
  parts: number,
): Promise<readonly SumRow[]> {
  const { by, limit } = request
  currentWork()?.expect(parts)
  let largest: readonly SumRow[] = []
  let totals: SumRow = {}
  for (let part = 0; part < parts; part++) {
    const sql = rollupGroupsSql({ ...request, limit: limit + 1 }, { parts, part })
    const rows = await readRows<SumRow>(reading, sql)
    // Of all parts; also a part without groups has a row.
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
