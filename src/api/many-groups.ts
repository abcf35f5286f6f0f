/** Groups by address in parts, to bound memory. */
import { nodeColumns } from '../model/endpoint.ts'
import type { StoreReader } from '../engine/control.ts'
import {
  groupCountsSql,
  groupSampleSql,
  groupsPartSql,
  isMeasure,
  summedMeasures,
  type GroupsRequest,
  type StoredEndpoints,
  type StoredEnds,
} from '../query/plan/index.ts'
import { endpointIds, endpointsView, filePrefix } from '../store/read/views.ts'
import { rowsOf } from './store-query.ts'
import type { Cell } from './live/cells.ts'
import type { AnswerRecord } from './ring/answers.ts'
import { compareCells, integerCell } from './ring/sums.ts'

export const storedEndpoints: StoredEndpoints = {
  view: endpointsView,
  // The node of an end can also be that of its endpoint.
  idOf: (field) => (field.kind === 'ip' && !nodeColumns.has(field.name) ? `"${endpointIds(field.name)}"` : undefined),
}

export const storedEnds: StoredEnds = { view: endpointsView, stored: (column) => `"${filePrefix}${column}"` }

type ManyGroupsLimits = Readonly<{
  /** Groups are counted if a sample predicts more. */
  many: number
  /** With fewer groups one statement over texts is faster. */
  few: number
  /** Groups per statement: 80 to 110 MB for pairs of addresses. */
  perPart: number
  parts: number
  /** Sums below are exact doubles, even if flows arrive between two statements. */
  small: number
}>

const defaultLimits: ManyGroupsLimits = { many: 800_000, few: 100_000, perPart: 600_000, parts: 16, small: 2 ** 52 }

/** `few`: groupsSql itself is faster. `stored`: number of flows. */
export async function manyGroups(
  store: StoreReader,
  request: GroupsRequest,
  stored: number,
  disconnected: AbortSignal,
  limits = defaultLimits,
): Promise<readonly AnswerRecord[] | 'few' | undefined> {
  const { group, by, of, limit } = request
  const addresses = group.flatMap((field, index) => (storedEndpoints.idOf(field) === undefined ? [] : [index]))
  // Single addresses are too few for memory to matter.
  if (of !== undefined || !isMeasure(by) || addresses.length === 0 || group.length === 1) return 'few'
  const sample = (await rowsOf(store, groupSampleSql(request, storedEndpoints), disconnected))?.[0]
  if (sample === undefined) return undefined
  // An upper bound: the rate of new groups falls.
  if ((Number(sample['_groups']) / Math.max(1, Number(sample['_rows']))) * stored <= limits.many) return 'few'
  const counts = (await rowsOf(store, groupCountsSql(request, storedEndpoints), disconnected))?.[0]
  if (counts === undefined) return undefined
  const groups = Number(counts['_groups'])
  if (groups <= limits.few) return 'few'
  // The address with the most values divides groups most evenly.
  const split = addresses.reduce((best, index) =>
    Number(counts[`_i${index}`]) > Number(counts[`_i${best}`]) ? index : best,
  )
  const small = Number(counts['_sums']) < limits.small
  const parts = Math.min(limits.parts, Math.ceil(groups / limits.perPart))
  const summed = ['groups', ...summedMeasures(request)].map((name) => `_all_${name}`)
  const totals = new Map<string, bigint>()
  const order = largestFirst(request)
  let largest: AnswerRecord[] = []
  for (let part = 0; part < parts; part++) {
    const last = largest.length < limit ? undefined : largest.at(-1)?.[`_${by}`]
    const least = last === undefined || last === null ? undefined : BigInt(last as string | number)
    const rows = await rowsOf(
      store,
      groupsPartSql(request, storedEndpoints, { of: split, parts, part, small, min: least }),
      disconnected,
    )
    if (rows === undefined) return undefined
    for (const name of summed) {
      const sum = rows[0]?.[name] as string | number | null | undefined
      if (sum !== undefined && sum !== null) totals.set(name, (totals.get(name) ?? 0n) + BigInt(sum))
    }
    largest = [...largest, ...rows.filter((row) => row['_place'] !== null)].sort(order).slice(0, limit)
  }
  const all = Object.fromEntries(summed.map((name) => [name, totals.has(name) ? integerCell(totals.get(name)!) : null]))
  return withPlaces(largest, all)
}

/** The rows of a request for groups; `all` has the totals. */
export function withPlaces(largest: readonly AnswerRecord[], all: AnswerRecord): readonly AnswerRecord[] {
  return largest.length === 0
    ? [{ _place: null, ...all }]
    : largest.map((row, index) => ({ ...row, ...all, _place: index + 1 }))
}

export function largestFirst({ group, by }: GroupsRequest): (a: AnswerRecord, b: AnswerRecord) => number {
  const numeric = group.map(({ kind }) => kind === 'u64' || kind === 'estimate')
  return (a, b) => {
    const [left, right] = [a[`_${by}`] as Cell, b[`_${by}`] as Cell]
    const size = left === null || right === null ? compareCells(left, right, true) : compareCells(right, left, true)
    if (size !== 0) return size
    for (let at = 0; at < group.length; at++) {
      const between = compareCells((a[`_g${at}`] ?? null) as Cell, (b[`_g${at}`] ?? null) as Cell, numeric[at] === true)
      if (between !== 0) return between
    }
    return 0
  }
}
