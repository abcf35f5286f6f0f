import { dayOf, msPerHour } from '../names.ts'
import type { StoredFile } from '../record.ts'
import { comparedTime } from '../../model/computed-columns.ts'
import { isRecord } from '../../model/json.ts'

/** Bounds in Unix ms; infinite if open. */
export type TimeBounds = Readonly<{
  from: number
  to: number
}>

/** Rows in a file are at most this much older than its hour. */
const slackMs = msPerHour

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function receiveBoundsOf(tree: unknown): TimeBounds | undefined {
  return boundsOf(tree, 'flows', 'time_received', comparedTime)
}

const unbounded: TimeBounds = { from: -Infinity, to: Infinity }

/** Intersection over all reads that compare {@link comparedTime}. Undefined if it is not known, or open. */
export function comparedBoundsOf(tree: unknown): TimeBounds | undefined {
  const boundsOfRead = (condition: unknown, table: string) =>
    boundsIn(condition, { column: comparedTime, table }) ?? unbounded
  const bounds = intersectionOf(restrictionsOf(tree, 'flows', boundsOfRead) ?? [])
  return bounds !== undefined && Number.isFinite(bounds.from) && Number.isFinite(bounds.to) ? bounds : undefined
}

/** Union in Unix ms over all reads of a view; of a read, the intersection of its columns. Undefined if one has none. */
export function boundsOf(tree: unknown, view: string, ...columns: readonly string[]): TimeBounds | undefined {
  const bounds = restrictionsOf(tree, view, (condition, table) =>
    intersectionOf(columns.map((column) => boundsIn(condition, { column, table }))),
  )
  return bounds === undefined
    ? undefined
    : { from: Math.min(...bounds.map(({ from }) => from)), to: Math.max(...bounds.map(({ to }) => to)) }
}

/** Texts with which all reads of the view compare a column. Undefined if one read is unrestricted. */
export function textsOf(tree: unknown, view: string, column: string): ReadonlySet<string> | undefined {
  const texts = restrictionsOf(tree, view, (condition, table) => textsIn(condition, { column, table }))
  return texts === undefined ? undefined : new Set(texts.flat())
}

/** `read` of the conditions of all reads of the view. Undefined if it is undefined for one, or if one has none. */
export function restrictionsOf<Restriction>(
  tree: unknown,
  view: string,
  read: (condition: unknown, table: string) => Restriction | undefined,
): readonly Restriction[] | undefined {
  const restrictions: Restriction[] = []
  let reads = 0
  let shadowed = false
  const visit = (node: unknown) => {
    if (Array.isArray(node)) {
      for (const child of node) visit(child)
      return
    }
    if (!isRecord(node)) return
    if (isView(node, view)) reads++
    // DuckDB takes a sample before it tests the condition.
    if (node['type'] === 'SELECT_NODE' && isView(node['from_table'], view) && !isSampled(node)) {
      const restriction = read(node['where_clause'], nameOf(node['from_table'], view))
      if (restriction !== undefined) restrictions.push(restriction)
    }
    if (typeof node['key'] === 'string' && node['key'].toLowerCase() === view) shadowed = true
    for (const value of Object.values(node)) visit(value)
  }
  visit(tree)
  return shadowed || reads === 0 || restrictions.length !== reads ? undefined : restrictions
}

function isSampled({ sample, from_table: from }: Readonly<Record<string, unknown>>) {
  return (sample ?? null) !== null || (isRecord(from) && (from['sample'] ?? null) !== null)
}

function textsIn(condition: unknown, column: Column): readonly string[] | undefined {
  if (!isRecord(condition)) return undefined
  if (condition['type'] === 'CONJUNCTION_AND')
    return list(condition['children'])
      .map((value) => textsIn(value, column))
      .find((value) => value !== undefined)
  const test = textTest(condition)
  return test !== undefined && isColumn(test.of, column) ? test.texts : undefined
}

/** `of = 'text'` or `of IN ('text', …)`. */
export function textTest(condition: unknown): Readonly<{ of: unknown; texts: readonly string[] }> | undefined {
  if (!isRecord(condition)) return undefined
  const sides =
    condition['type'] === 'COMPARE_EQUAL'
      ? [condition['left'], condition['right']]
      : condition['type'] === 'COMPARE_IN'
        ? list(condition['children'])
        : []
  const [of, ...values] = sides
  const texts = values.map((value) =>
    isRecord(value) && value['class'] === 'CONSTANT' && isRecord(value['value']) ? value['value']['value'] : undefined,
  )
  return texts.length > 0 && texts.every((text) => typeof text === 'string') ? { of, texts } : undefined
}

function isView(node: unknown, view: string) {
  return (
    isRecord(node) &&
    node['type'] === 'BASE_TABLE' &&
    String(node['table_name']).toLowerCase() === view &&
    list(node['column_name_alias']).length === 0
  )
}

function intersectionOf(bounds: readonly (TimeBounds | undefined)[]): TimeBounds | undefined {
  const present = bounds.filter((part) => part !== undefined)
  return present.length === 0
    ? undefined
    : { from: Math.max(...present.map(({ from }) => from)), to: Math.min(...present.map(({ to }) => to)) }
}

function boundsIn(condition: unknown, column: Column): TimeBounds | undefined {
  if (!isRecord(condition)) return undefined
  if (condition['type'] === 'CONJUNCTION_AND')
    return intersectionOf(list(condition['children']).map((value) => boundsIn(value, column)))
  if (condition['class'] !== 'COMPARISON' || !isColumn(condition['left'], column)) return undefined
  const moment = timestampIn(condition['right'])
  if (moment === undefined) return undefined
  switch (condition['type']) {
    case 'COMPARE_GREATERTHAN':
    case 'COMPARE_GREATERTHANOREQUALTO':
      return { from: moment, to: Infinity }
    case 'COMPARE_LESSTHAN':
    case 'COMPARE_LESSTHANOREQUALTO':
      return { from: -Infinity, to: moment }
    case 'COMPARE_EQUAL':
      return { from: moment, to: moment }
    default:
      return undefined
  }
}

/** A column. With the name of another table, the column is of an outer query. */
type Column = Readonly<{
  column: string
  table: string
}>

export function isColumn(node: unknown, { column, table }: Column): boolean {
  if (!isRecord(node) || node['class'] !== 'COLUMN_REF') return false
  const [name, of, ...more] = list(node['column_names'])
    .map((part) => String(part).toLowerCase())
    .reverse()
  return name === column && (of === undefined || of === table) && more.length === 0
}

function nameOf(from: unknown, view: string) {
  const alias = isRecord(from) ? String(from['alias']).toLowerCase() : ''
  return alias === '' ? view : alias
}

/** `make_timestamptz(µs)`, as the query compilers emit it. */
function timestampIn(node: unknown): number | undefined {
  if (!isRecord(node) || node['class'] !== 'FUNCTION' || node['function_name'] !== 'make_timestamptz') return undefined
  const [only, ...more] = list(node['children'])
  const value =
    isRecord(only) && only['class'] === 'CONSTANT' && isRecord(only['value']) ? only['value']['value'] : undefined
  return more.length === 0 && typeof value === 'number' ? value / 1000 : undefined
}

/** The manifest rounds times to ms, files have µs. */
const roundedMs = 1

/** The times of tables are those of their rows. */
function slackOf({ table }: StoredFile) {
  return table === undefined ? slackMs : roundedMs
}

/** Whether all rows of a file were received between the bounds. */
export function isReceivedWithin(file: StoredFile, { from, to }: TimeBounds): boolean {
  return file.receivedMin - slackOf(file) > from && file.receivedMax + roundedMs < to
}

export function receivedWithin(files: readonly StoredFile[], receipt: TimeBounds | undefined): readonly StoredFile[] {
  if (receipt === undefined) return files
  const { from, to } = receipt
  const flows = files.filter(
    (file) => file.stream === 'flows' && file.receivedMax >= from - roundedMs && file.receivedMin - slackOf(file) <= to,
  )
  const days = new Set(flows.map(({ hour }) => dayOf(hour)))
  return [
    ...flows,
    ...files.filter(({ stream, hour }) => stream !== 'flows' && (stream !== 'endpoints' || days.has(dayOf(hour)))),
  ]
}

/** Files with rows that happened within the span, and files without row times. */
export function happenedWithin(files: readonly StoredFile[], bounds: TimeBounds | undefined): readonly StoredFile[] {
  if (bounds === undefined) return files
  const { from, to } = bounds
  return files.filter(({ timed, timeMin, timeMax }) => {
    if (timed !== true) return true
    return timeMin !== null && timeMax !== null && timeMax >= from - roundedMs && timeMin <= to + roundedMs
  })
}
