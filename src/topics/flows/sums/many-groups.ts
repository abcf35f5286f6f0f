/** Groups by address in parts, to bound memory. */
import { nodeColumns } from '../../../model/endpoint.ts'
import type { StoreReader } from '../../../engine/control.ts'
import { countError } from '../../../model/distinct-estimate.ts'
import {
  groupCountSql,
  groupSampleSql,
  groupsOfBucketsSql,
  groupsPartSql,
  isMeasure,
  singleIdsOf,
  summedMeasures,
  type BucketsOfGroups,
  type GroupsRequest,
  type SingleIds,
  type StoredEndpoints,
  type StoredEnds,
} from '../../../query/plan/index.ts'
import { integerCell } from '../../../model/integer-cell.ts'
import { firstIdsTable } from '../../../store/read/first-ids.ts'
import { endpointIds, endpointsView, filePrefix } from '../../../store/read/views.ts'
import { readOfIds } from './more-parts.ts'
import { readRows } from '../../rows.ts'
import type { Cell } from '../../cells.ts'
import type { SumRow } from './request.ts'
import { compareCells, compareIntegers } from '../../cells.ts'
import { currentWork } from '../../work.ts'

export const storedEndpoints: StoredEndpoints = {
  view: endpointsView,
  firsts: firstIdsTable,
  // The node of an end can also be that of its endpoint.
  idOf: (field) => (field.kind === 'ip' && !nodeColumns.has(field.name) ? `"${endpointIds(field.name)}"` : undefined),
}

export const storedEnds: StoredEnds = {
  view: endpointsView,
  firsts: firstIdsTable,
  stored: (column) => `"${filePrefix}${column}"`,
}

type ManyGroupsLimits = Readonly<{
  /** Groups are counted if a sample predicts more. */
  many: number
  /** Groups per statement: 60 to 100 bytes of each. */
  perPart: number
  /** Each reads all flows. With more groups the store spills to disk. */
  parts: number
  /** Sums that bound groups: a power of two. */
  buckets: number
  /** Flows of the buckets that are summed by group. */
  most: number
}>

const defaultLimits: ManyGroupsLimits = {
  many: 800_000,
  perPart: 3_000_000,
  parts: 4,
  buckets: 1 << 18,
  most: 1_000_000,
}

/** Few of the sampled rows are a group: a count of all can save parts. */
const repeated = 0.5

type ManyGroupsOptions = Readonly<{
  /** Flows in the range. */
  expected: number
  signal: AbortSignal
  /** False: the number of groups can be an estimate, with its relative error as `_groups_error`. */
  countsAll: boolean
  limits?: ManyGroupsLimits
}>

/** `few`: another statement is faster. */
export async function manyGroups(
  store: StoreReader,
  request: GroupsRequest,
  { expected, signal, countsAll, limits = defaultLimits }: ManyGroupsOptions,
): Promise<readonly SumRow[] | 'few'> {
  const { group, by, of } = request
  const hasAddress = group.some((field) => storedEndpoints.idOf(field) !== undefined)
  // Single addresses are too few for memory to matter.
  if (of !== undefined || !isMeasure(by) || !hasAddress || group.length === 1) return 'few'
  const sample = (await readRows<SumRow>({ store, signal }, groupSampleSql(request, storedEndpoints)))[0]!
  const share = Number(sample['_groups']) / Math.max(1, Number(sample['_rows']))
  // An upper bound: the rate of new groups falls.
  let groups = share * expected
  if (groups <= limits.many) return 'few'
  if (groups > limits.perPart && share < repeated) {
    const counted = (await readRows<SumRow>({ store, signal }, groupCountSql(request, storedEndpoints)))[0]!
    groups = Number(counted['_groups'])
  }
  const isBounded = !countsAll && groups > limits.perPart
  return readOfIds(
    { store, signal },
    { groups, single: singleIdsOf(sample), limits },
    {
      whole: isBounded ? (single) => largestOfBuckets(store, request, { single, ...limits }, signal) : undefined,
      parts: (single, parts) => readParts(store, request, { parts, single }, signal),
    },
  )
}

/** Undefined if other groups can be as large, or the ids are out of date. */
async function largestOfBuckets(
  store: StoreReader,
  request: GroupsRequest,
  { single, buckets, most }: BucketsOfGroups,
  signal: AbortSignal,
): Promise<readonly SumRow[] | undefined> {
  currentWork()?.expect(3)
  const rows = await readRows<SumRow>(
    { store, signal },
    groupsOfBucketsSql(request, storedEndpoints, { single, buckets, most }),
  )
  const [first] = rows
  if (first?.['_single'] !== true || first['_certain'] !== true) return undefined
  const totals = ['groups', ...summedMeasures(request)].map((name) => [`_all_${name}`, first[`_all_${name}`]] as const)
  return withPlaces(namedOf(rows), {
    ...Object.fromEntries(totals),
    _groups_error: countError(Number(first['_registers'])),
  })
}

/** The groups of rows of statements. */
function namedOf(rows: readonly SumRow[]): readonly SumRow[] {
  return rows.flatMap(({ _named: isNamed, _single: _, _certain: __, _registers: ___, ...row }) =>
    isNamed === true ? [row] : [],
  )
}

/** Undefined if the ids are out of date. */
async function readParts(
  store: StoreReader,
  request: GroupsRequest,
  { parts, single }: Readonly<{ parts: number; single: SingleIds | undefined }>,
  signal: AbortSignal,
): Promise<readonly SumRow[] | undefined> {
  const { by, limit } = request
  const summed = ['groups', ...summedMeasures(request)].map((name) => `_all_${name}`)
  const totals = new Map<string, bigint>()
  const order = largestFirst(request)
  let largest: SumRow[] = []
  currentWork()?.expect(parts)
  for (let part = 0; part < parts; part++) {
    const last = largest.length < limit ? undefined : largest.at(-1)?.[`_${by}`]
    const min = last === undefined || last === null ? undefined : BigInt(last as string | number)
    const sql = groupsPartSql(request, storedEndpoints, { parts, part, single, min })
    const rows = await readRows<SumRow>({ store, signal }, sql)
    if (rows[0]?.['_single'] !== true) return undefined
    for (const name of summed) {
      const sum = rows[0][name] as string | number | null | undefined
      if (sum !== undefined && sum !== null) totals.set(name, (totals.get(name) ?? 0n) + BigInt(sum))
    }
    largest = [...largest, ...namedOf(rows)].sort(order).slice(0, limit)
  }
  const all = Object.fromEntries(summed.map((name) => [name, totals.has(name) ? integerCell(totals.get(name)!) : null]))
  return withPlaces(largest, all)
}

/** The rows of a request for groups; `all` has the totals. */
export function withPlaces(largest: readonly SumRow[], all: SumRow): readonly SumRow[] {
  return largest.length === 0
    ? [{ _place: null, ...all }]
    : largest.map((row, index) => ({ ...row, ...all, _place: index + 1 }))
}

export function largestFirst({ group, by }: GroupsRequest): (a: SumRow, b: SumRow) => number {
  const orders = group.map(({ kind }) => (kind === 'u64' || kind === 'estimate' ? compareIntegers : compareCells))
  return (a, b) => {
    const [left, right] = [a[`_${by}`] as Cell, b[`_${by}`] as Cell]
    const size = left === null || right === null ? compareIntegers(left, right) : compareIntegers(right, left)
    if (size !== 0) return size
    for (let at = 0; at < group.length; at++) {
      const between = orders[at]!((a[`_g${at}`] ?? null) as Cell, (b[`_g${at}`] ?? null) as Cell)
      if (between !== 0) return between
    }
    return 0
  }
}
