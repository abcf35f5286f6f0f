/** Views `flows_by_…`: exact sums of the flows of a span, from the sums of files and the flows of other files. */
import { flowsReceived } from '../../model/flow-time.ts'
import {
  listColumns,
  listedEndpointsView,
  listedIdsTable,
  listedParts,
  listedView,
  registers,
  unlistedView,
} from '../../model/conversation-lists.ts'
import { fileList } from '../duck.ts'
import { sumsOf } from '../names.ts'
import { firstIdsSql } from '../read/first-ids.ts'
import { boundsOf, receivedWithin } from '../read/receipt.ts'
import type { Statement } from '../read/statement.ts'
import { addressesOf, agentOf, columnsBehind, flowsView, scan, type ViewInput } from '../read/views.ts'
import type { StoredFile, SumsOfFile } from '../record.ts'
import { fileColumns } from '../schema.ts'
import { flowTime, sumInput } from './build.ts'
import { levelSums, withoutOverlap, type LevelSums } from './levels.ts'
import { sharedEndsSql, withSharedEnds } from './shared-ends.ts'
import { conversationPart, sumParts, sumViewOf, viewColumnsOf, type SumPart } from './parts.ts'

/** `flow_time` in µs, `to` exclusive. */
type SumSpan = Readonly<{ from: number; to: number }>

/** A statement sets the span by `span_from = … AND span_to = …` in each read of the view. */
export type SumReads = readonly Readonly<{ part: SumPart; span: SumSpan }>[]

const sums = ['bytes_est', 'packets_est', 'flows'] as const

export function sumReadsOf(tree: unknown, tables: ReadonlySet<string>): SumReads {
  return [...sumParts, conversationPart].flatMap((part) => {
    const view = part === conversationPart ? listedView : sumViewOf(part)
    if (!tables.has(view)) return []
    const [from, to] = ['span_from', 'span_to'].map((column) => boundsOf(tree, view, column))
    if (from === undefined || to === undefined || from.from !== from.to || to.from !== to.to) return []
    return [{ part, span: { from: Math.round(from.from * 1000), to: Math.round(to.from * 1000) } }]
  })
}

/** Intact sums: names of files of flows, and of several files. */
export type Summed = Readonly<{ files: ReadonlySet<string>; levels: readonly LevelSums[] }>

/** Files of flows that are wholly in the span, and have sums of the part. */
export function summedFiles(reads: SumReads, files: readonly StoredFile[]): readonly StoredFile[] {
  return files.filter(({ sums }) => reads.some((read) => isSummed(sums, read)))
}

export function summedLevels(reads: SumReads, files: readonly StoredFile[]): readonly LevelSums[] {
  const all = levelSums(files)
  return [...new Set(reads.flatMap((read) => levelsOf(read, all)))]
}

/** The sums of several files that a read uses. */
export function levelsOf(read: SumReads[number], levels: readonly LevelSums[]): readonly LevelSums[] {
  return withoutOverlap(levels.filter(({ sums }) => isSummed(sums, read)))
}

function isSummed(of: SumsOfFile | undefined, { part, span }: SumReads[number]): boolean {
  return of?.parts[part.name] !== undefined && of.from >= span.from && of.to < span.to
}

export function sumViews({ sumReads = [] }: Statement, input: ViewInput): string {
  return sumReads
    .map((read) => (read.part === conversationPart ? listedViews(read, input) : sumView(read, input)))
    .join('')
}

/** The table of ids for the flows of files without sums. */
function sharedEnds(input: ViewInput): string {
  return `; ${sharedEndsSql(`(${scan('endpoints', input)})`, endpointColumns)}`
}

const endpointColumns = new Set(fileColumns.endpoints.map(({ name }) => name))

function viewSql(name: string, { span }: SumReads[number], rows: string) {
  return `; CREATE TEMP VIEW ${name} AS SELECT *, make_timestamptz(${span.from}) AS span_from,
      make_timestamptz(${span.to}) AS span_to FROM (${rows})`
}

/** The input with files that can have flows of the span. */
function inputWithin({ span }: SumReads[number], given: ViewInput) {
  const receivedSpan = flowsReceived({ from: BigInt(span.from), to: BigInt(span.to) }).all
  const bounds = { from: Number(receivedSpan.from) / 1000, to: Number(receivedSpan.to) / 1000 }
  return { input: { ...given, files: receivedWithin(given.files, bounds) }, received: receivedSpan }
}

const listKeys = ['src_ep', 'dst_ep', 'src_port', 'dst_port', 'proto']

/** Rows of the lists of files, the flows of other files, and all endpoints. */
function listedViews(read: SumReads[number], given: ViewInput): string {
  const { input, received } = inputWithin(read, given)
  const isListed = ({ name, sums: of }: StoredFile) => given.summed?.files.has(name) === true && isSummed(of, read)
  const flows = input.files.filter(({ stream }) => stream === 'flows')
  const lists = flows.filter(isListed)
  const { part, span } = read
  const columns = [...listKeys, ...sums, ...listColumns.map(({ name }) => name)].map((name) => `"${name}"`).join(', ')
  const rows = lists.reduce((sum, { sums: of }) => sum + (of?.parts[part.name] ?? 0) + registers, 0)
  const paths = fileList(lists.map(({ name }) => `${input.directory}/${sumsOf(name)}`))
  const first = Math.min(...Object.values(listedParts))
  const types = new Map(fileColumns.flows.map(({ name, type }) => [name, type]))
  const nullColumns = [
    ...listKeys.map((name) => [name, types.get(name)] as const),
    ...sums.map((name) => [name, 'BIGINT'] as const),
    ...listColumns.map(({ name, type }) => [name, type] as const),
  ].map(([name, type]) => `NULL::${type} AS "${name}"`)
  const listedSql =
    lists.length === 0
      ? `SELECT NULL::UTINYINT AS part, ${nullColumns.join(', ')} WHERE false`
      : `SELECT part, ${columns} FROM read_parquet(${paths}, explicit_cardinality = ${rows}) WHERE part >= ${first}`
  const unlisted = { ...input, files: input.files.filter((file) => !lists.includes(file)), withRanges: true }
  return (
    viewSql(listedView, read, listedSql) +
    `; CREATE TEMP VIEW ${unlistedView} AS ${flowScan(unlisted, part.keys, part.computed ?? [], { span, received })}` +
    `; CREATE TEMP VIEW ${listedEndpointsView} AS ${scan('endpoints', input)}; ${firstIdsSql(listedIdsTable, unlisted)}`
  )
}

function sumView(read: SumReads[number], given: ViewInput): string {
  const { part, span } = read
  const { input, received: all } = inputWithin(read, given)
  const levels = levelsOf(read, given.summed?.levels ?? [])
  const ofLevels = new Set(levels.flatMap(({ files }) => files))
  const flows = input.files.filter((file) => file.stream === 'flows' && !ofLevels.has(file))
  const summed = flows.filter((file) => given.summed?.files.has(file.name) === true && isSummed(file.sums, read))
  const unsummedFiles = flows.filter((file) => !summed.includes(file))
  const ofSums = [
    ...summed.map(({ name, sums }) => ({ name: sumsOf(name), sums })),
    ...levels.map(({ name, sums }) => ({ name, sums })),
  ]
  const viewColumns = viewColumnsOf(part).filter((column) => given.columns?.has(column) ?? true)
  const computed = (part.computed ?? []).filter(({ name }) => viewColumns.includes(name))
  const requiredColumns = columnsBehind(viewColumns)
  const keys = part.keys.filter((key) => requiredColumns.has(key))
  const readsFlows = unsummedFiles.length > 0 || ofSums.length === 0
  const isShared = readsFlows && part.exact !== undefined && keys.includes('src_ep') && keys.includes('dst_ep')
  const columns = [...keys, ...computed.map(({ name }) => name)].map((name) => `"${name}"`)
  const scans = [
    ...(ofSums.length === 0 ? [] : [sumScan(part, columns, ofSums, input)]),
    ...(readsFlows
      ? [flowScan({ ...input, files: unsummedFiles }, keys, computed, { span, received: all, isShared })]
      : []),
  ]
  const totals = sums.map((sum) => `sum(${sum}) AS ${sum}`).join(', ')
  const group = columns.length === 0 ? '' : ` GROUP BY ${columns.join(', ')}`
  const rows = `SELECT ${[...columns, totals].join(', ')} FROM (${scans.join(' UNION ALL ')})${group}`
  const storedColumns = new Set(viewColumns.filter((column) => !computed.some(({ name }) => name === column)))
  const view = flowsView({ ...input, columns: storedColumns }, new Set([...storedColumns].flatMap(addressesOf)), {
    rows,
    sums: [...computed.map(({ name }) => name), ...sums],
  })
  return `${isShared ? sharedEnds(input) : ''}${viewSql(sumViewOf(part), read, view)}`
}

function sumScan(
  part: SumPart,
  columns: readonly string[],
  files: readonly Readonly<{ name: string; sums: SumsOfFile | undefined }>[],
  { directory }: ViewInput,
) {
  const rows = files.reduce((sum, { sums: of }) => sum + (of?.parts[part.name] ?? 0), 0)
  const paths = fileList(files.map(({ name }) => `${directory}/${name}`))
  return `SELECT ${[...columns, ...sums].join(', ')} FROM read_parquet(${paths}, explicit_cardinality = ${rows})
      WHERE part = ${sumParts.indexOf(part)}`
}

type FlowsWithin = Readonly<{
  span: SumSpan
  received: Readonly<{ from: bigint; to: bigint }>
  /** True: ids of endpoints are those of {@link withSharedEnds}. */
  isShared?: boolean
}>

function flowScan(
  input: ViewInput,
  keys: readonly string[],
  computed: NonNullable<SumPart['computed']>,
  { span, received, isShared }: FlowsWithin,
): string {
  const values = [
    ...keys.map((key) => `r."${key}"`),
    ...computed.map(({ name, type, sql }) => `(${sql({ agent: agentOf(input.words) })})::${type} AS "${name}"`),
    ...(['bytes', 'packets'] as const).map((name) => `r.${name}::HUGEINT * coalesce(r.sampling, 1) AS ${name}_est`),
    '1 AS flows',
  ]
  const times = ['time_end', 'time_received', 'time_skewed']
  const read = new Set([...keys, ...computed.flatMap(({ reads }) => reads), ...times])
  for (const name of ['bytes', 'packets', 'sampling']) read.add(name)
  const columns = fileColumns.flows.filter(({ name }) => read.has(name))
  const rows = sumInput(`(${scan('flows', input, columns)})`, () => true, [...read])
  const at = (us: bigint | number) => `make_timestamptz(${us})`
  return `SELECT ${values.join(', ')} FROM (${isShared === true ? withSharedEnds(rows) : rows}) r
      WHERE r.time_received >= ${at(received.from)} AND r.time_received < ${at(received.to)}
      AND (${flowTime}) BETWEEN ${at(span.from)} AND ${at(span.to - 1)}`
}
