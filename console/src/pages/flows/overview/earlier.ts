import type { UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { FlowGroups, Series } from '../../../../../src/api/published.ts'
import type { Query } from '../../../api/client.ts'
import type { ChartSeries } from '../../../parts/chart.tsx'
import { conditionOf } from '../../../parts/endpoint-condition.ts'
import { allOf } from '../../../parts/filter-text.ts'
import { panelsText } from './text.ts'
import type { FlowQuery } from './flow-query.ts'
import { earlierNames } from './earlier-names.ts'
import { valueName } from './names.ts'
import { useAnswer } from './queries.ts'
import type { Earlier, Measure } from './state.ts'
import { stackOf, type Shares, type Stack } from './sums.ts'

/** Groups of the earlier range that are read in any case, and characters of a filter in a URL. */
const [leastGroups, maxText] = [100, 6000]

export type EarlierSums = Readonly<{
  /** False: the range begins before the oldest stored flow. */
  isStored: boolean
  /** Undefined: not known, or not yet. */
  of: (cells: readonly unknown[]) => number | undefined
  total: number | undefined
  /** What the earlier range lacks. */
  note: string
}>

type Groups = Pick<FlowGroups, 'columns' | 'rows' | 'span' | 'total'>

type EarlierQuestion = Readonly<{
  path: string
  flowQuery: FlowQuery
  /** As of the current groups. */
  query: Query
  fields: readonly string[]
  column: string
  limit: number
  seconds: number
}>

/** Sums of the current groups in the range `seconds` earlier. */
export function useEarlierGroups(
  now: Readonly<{ data: Groups | undefined; isPlaceholderData: boolean }>,
  { path, flowQuery, query, fields, column, limit, seconds }: EarlierQuestion,
): EarlierSums | undefined {
  const groups = now.isPlaceholderData ? undefined : now.data
  const enabled = seconds > 0 && groups !== undefined
  const earlierQuery: FlowQuery = { ...flowQuery, t: groups?.span ?? flowQuery.t }
  const shifted = { ...query, beside: undefined, offset: `${seconds}s`, limit: Math.max(limit, leastGroups) }
  const largest = useAnswer<FlowGroups>(path, earlierQuery, shifted, { enabled })
  const first = enabled ? current(largest) : undefined
  const left = useMemo(
    () => (groups === undefined || first === undefined ? nothing : missingOf(groups, first, fields)),
    [groups, first, fields],
  )
  const rest = useAnswer<FlowGroups>(
    path,
    { ...earlierQuery, filter: allOf([flowQuery.filter, left.filter]) },
    shifted,
    { enabled: enabled && left.filter !== '' },
  )
  const second = left.filter === '' ? undefined : current(rest)
  return useMemo(() => {
    if (first === undefined) return undefined
    const note = lackOf(first)
    if (first.since !== undefined)
      return { isStored: false, of: () => undefined, total: undefined, note: panelsText.notCompared(note) }
    const amounts = new Map([...amountsOf(first, fields, column), ...amountsOf(second, fields, column)])
    const settled = isComplete(first)
      ? undefined
      : new Set([...amounts.keys(), ...(second === undefined ? [] : left.keys)])
    const total = (first.total as unknown as Readonly<Record<string, unknown>>)[column]
    return {
      isStored: true,
      of: (cells: readonly unknown[]) => {
        const key = JSON.stringify(cells)
        return amounts.get(key) ?? (settled?.has(key) === false ? undefined : 0)
      },
      total: total === undefined ? undefined : Number(total ?? 0),
      note,
    }
  }, [first, second, left, fields, column])
}

/** Not of the previous question. */
function current<T>({ data, isPlaceholderData }: UseQueryResult<T>): T | undefined {
  return isPlaceholderData ? undefined : data
}

function lackOf({ since, lost, stopped }: Pick<Series, 'since' | 'lost' | 'stopped'>): string {
  if (since !== undefined) return panelsText.notStoredEarlier
  return lost === undefined && stopped === undefined ? '' : panelsText.lackedEarlier
}

function placesOf({ columns }: Pick<Groups, 'columns'>, fields: readonly string[]) {
  return fields.map((field) => columns.findIndex(({ name }) => name === field))
}

function cellsOf(answer: Pick<Groups, 'columns' | 'rows'>, fields: readonly string[]) {
  const places = placesOf(answer, fields)
  return answer.rows.map((row) => places.map((index) => row[index]))
}

function amountsOf(answer: Groups | undefined, fields: readonly string[], column: string) {
  if (answer === undefined) return []
  const at = answer.columns.findIndex(({ name }) => name === column)
  return cellsOf(answer, fields).map(
    (cells, row) => [JSON.stringify(cells), Number(answer.rows[row]?.[at] ?? 0)] as const,
  )
}

function isComplete({ rows, total }: Groups) {
  const { groups, edges } = total as Readonly<{ groups?: number; edges?: number }>
  return rows.length >= (groups ?? edges ?? Infinity)
}

/** The filter of the groups that the earlier answer does not list, as many as a URL holds. */
function missingOf(now: Groups, earlier: Groups, fields: readonly string[]) {
  if (isComplete(earlier)) return nothing
  const listed = new Set(cellsOf(earlier, fields).map((cells) => JSON.stringify(cells)))
  return anyOf(
    cellsOf(now, fields).filter((cells) => !listed.has(JSON.stringify(cells))),
    fields,
  )
}

type Selection = Readonly<{ filter: string; keys: ReadonlySet<string> }>

const nothing: Selection = { filter: '', keys: new Set() }

/** The first of the groups, as many as the text has room for. */
export function anyOf(groups: readonly (readonly unknown[])[], fields: readonly string[]): Selection {
  const [conditions, keys]: [string[], Set<string>] = [[], new Set()]
  let length = 0
  for (const cells of groups) {
    const condition = `(${conditionOf(fields, cells)})`
    length += encodeURIComponent(` or ${condition}`).length
    if (length > maxText) break
    conditions.push(condition)
    keys.add(JSON.stringify(cells))
  }
  return conditions.length === 0 ? nothing : { filter: `(${conditions.join(' or ')})`, keys }
}

export function withEarlier(data: Shares, earlier: EarlierSums | undefined): Shares {
  if (earlier === undefined) return data
  if (!earlier.isStored) return { ...data, note: earlier.note }
  let rest = earlier.total
  const shares = data.shares.map((share) => {
    if (share.cells === undefined) return share
    const before = earlier.of(share.cells)
    rest = rest === undefined || before === undefined ? undefined : rest - before
    return { ...share, earlier: before }
  })
  return {
    ...data,
    shares: shares.map((share) => (share.cells === undefined ? { ...share, earlier: rest } : share)),
    earlier: { total: earlier.total },
    note: earlier.note,
  }
}

/** `names`: of the groups that were read. */
type EarlierSeries = Readonly<{ stack: Stack; names: ReadonlySet<string> }>

type SeriesQuestion = Readonly<{ group: string; by: Measure; limit: number; seconds: number }>

/** The groups of a series in the range `seconds` earlier, as many as a URL holds. */
export function useEarlierSeries(
  now: UseQueryResult<Series>,
  flowQuery: FlowQuery,
  { group, by, limit, seconds }: SeriesQuestion,
): EarlierSeries | undefined {
  const answer = now.isPlaceholderData ? undefined : now.data
  const enabled = seconds > 0 && answer !== undefined
  const field = answer?.columns[2]?.name ?? group
  const read = useMemo(() => {
    if (!enabled) return nothing
    const restColumn = answer.columns.findIndex(({ name }) => name === 'other')
    const cells = new Map(
      answer.rows.filter((row) => row[restColumn] !== true).map((row) => [JSON.stringify(row[2]), [row[2]]]),
    )
    return anyOf([...cells.values()], [field])
  }, [enabled, answer, field])
  const earlier = useAnswer<Series>(
    '/api/v1/series',
    { ...flowQuery, t: answer?.span ?? flowQuery.t, filter: allOf([flowQuery.filter, read.filter]) },
    { group, by, limit, sums: 'ranked', offset: `${seconds}s` },
    { enabled: enabled && read.filter !== '' },
  )
  const data = enabled && read.filter !== '' ? current(earlier) : undefined
  return useMemo(
    () =>
      data === undefined
        ? undefined
        : {
            stack: stackOf(data, field, by, seconds),
            names: new Set(Array.from(read.keys, (key) => valueName(field, (JSON.parse(key) as unknown[])[0]))),
          },
    [data, read, field, by, seconds],
  )
}

export function withEarlierSeries(now: Stack, total: Stack | undefined, groups: EarlierSeries | undefined): Stack {
  if (total === undefined || groups === undefined) return now
  const named = new Map(groups.stack.series.map(({ name, values }) => [name, values]))
  const of = (name: string, at: number) => {
    const all = total.total.values[at]
    return all === null || all === undefined || !groups.names.has(name) ? undefined : (named.get(name)?.[at] ?? 0)
  }
  const shown = now.series.filter((part) => part.other !== true)
  const rest = (at: number) => {
    const all = total.total.values[at] ?? undefined
    const left = shown.reduce<number | undefined>((sum, { name }) => {
      const part = of(name, at)
      return sum === undefined || part === undefined ? undefined : sum - part
    }, all)
    // Differences of rates are rounded.
    return left === undefined || all === undefined || left > 1e-9 * all ? left : 0
  }
  return {
    ...now,
    series: now.series.map((part) => ({
      ...part,
      earlier: now.times.map((_, at) => (part.other === true ? rest(at) : of(part.name, at))),
    })),
  }
}

/** The answer to the same question for the range `seconds` earlier. */
export function useEarlierAnswer<T extends FlowGroups | Series>(
  now: Pick<UseQueryResult<T>, 'data' | 'isPlaceholderData'>,
  path: string,
  flowQuery: FlowQuery,
  query: Query,
  seconds: number,
): T | undefined {
  const span = now.isPlaceholderData ? undefined : now.data?.span
  const enabled = seconds > 0 && span !== undefined
  const answer = useAnswer<T>(
    path,
    { ...flowQuery, t: span ?? flowQuery.t },
    { ...query, offset: `${seconds}s` },
    { enabled },
  )
  return enabled ? current(answer) : undefined
}

/** Series with the values of the earlier ones of the same names. */
export function comparedWith(
  now: readonly ChartSeries[],
  earlier: readonly ChartSeries[] | undefined,
): readonly ChartSeries[] {
  if (earlier === undefined) return now
  const values = new Map(earlier.map((part) => [part.name, part.values]))
  return now.map((part) => ({ ...part, earlier: values.get(part.name) }))
}

/** The comparison, or why there is none. */
export function noteOf(earlier: Pick<Series, 'since' | 'lost' | 'stopped'> | undefined, before: Earlier): string {
  if (earlier === undefined) return ''
  return lackOf(earlier) === '' ? panelsText.comparedWith(earlierNames[before]) : lackOf(earlier)
}
