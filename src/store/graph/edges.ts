import type { EdgeQuery, StoredEdge } from '../../engine/control.ts'
import { WeirError } from '../../model/errors.ts'
import { labelOf, type Label } from '../../model/graph.ts'
import type { CachedRows } from '../read/file-cache.ts'
import { cachedRows } from '../read/cached-traces.ts'
import type { HeldEdges } from '../read/memory.ts'
import { isoMicroseconds } from '../read/iso-time.ts'
import { happenedWithin } from '../read/receipt.ts'
import type { Statement } from '../read/statement.ts'
import { msPerHour } from '../names.ts'
import { rollupFiles } from '../rollup/views.ts'
import type { StoredFile } from '../record.ts'
import { EdgeSums, severities, type EdgeRow } from './edge-sums.ts'
import { leadsToActions } from './edge-parts.ts'
import { everyEdge, largestEdges, timesOf } from './edges-sql.ts'
import { shownEdges } from './rank.ts'
import { traceEnds, type TraceEnd, type TraceRelation } from './trace-edges.ts'

type QueryRows = (
  statement: Statement,
  cached: Readonly<{ traces: CachedRows; traffic?: CachedRows }>,
) => Promise<AsyncIterable<Uint8Array>>

/** Beyond it the statement selects the largest edges, to bound memory. */
const maxRows = 50_000

const hourUs = msPerHour * 1000

type RankedRow = EdgeRow & Readonly<{ others: number }>

export async function edgesOf(
  request: EdgeQuery,
  files: readonly StoredFile[],
  held: HeldEdges,
  runQuery: QueryRows,
): Promise<readonly StoredEdge[]> {
  const { near, far = [], without: not = [] } = request
  // DuckDB strings end at NUL.
  if ([...near, ...far, ...not].some((ref) => ref.includes('\0')))
    throw new WeirError('WEIR_SQL_REFUSED', 'Remove the NUL characters from the reference.')
  const times = timesOf(request.span)
  const traces = divided(
    happenedWithin(files, times.audit).filter(
      (file) => file.stream === 'events' && (file.families?.includes('audit') ?? true),
    ),
    held.traces.names,
  )
  const talks = divided(rollupFiles('flows_1h', files, times.traffic), held.talks.names)
  const objects = files.some(({ stream, families }) => stream === 'events' && (families?.includes('resource') ?? true))
  if (traces.known || talks.known) {
    const statement = everyEdge(request, { traces: traces.unknown, talks: talks.unknown, objects })
    const without = (names: ReadonlySet<string>): CachedRows => ({ names, sql: undefined })
    const rows =
      statement === undefined
        ? []
        : await rowsOf<EdgeRow>(
            await runQuery(statement, { traces: without(held.traces.names), traffic: without(held.talks.names) }),
            maxRows,
          )
    if (rows !== undefined) return added(request, held, rows)
  }
  const statement = largestEdges(request)
  if (statement === undefined) return []
  const rows = (await rowsOf<RankedRow>(await runQuery(statement, { traces: cachedRows(held.traces) }), Infinity)) ?? []
  return rows.map((row) => ({
    near: row.near,
    far: row.far,
    relation: row.relation,
    forward: row.forward,
    count: Number(row.count),
    first: isoMicroseconds(Number(row.first)),
    last: row.last === null ? null : isoMicroseconds(Number(row.last)),
    severity: row.level === null ? null : (severities[row.level] ?? null),
    bytes: row.bytes === null ? null : Number(row.bytes),
    nearName: row.near_name,
    farName: row.far_name,
    others: row.others,
  }))
}

function divided(
  files: readonly StoredFile[],
  names: ReadonlySet<string>,
): Readonly<{ known: boolean; unknown: boolean }> {
  return { known: files.some(({ name }) => names.has(name)), unknown: files.some(({ name }) => !names.has(name)) }
}

async function rowsOf<Of>(bytes: AsyncIterable<Uint8Array>, max: number): Promise<Of[] | undefined> {
  const rows: Of[] = []
  const text = new TextDecoder()
  let rest = ''
  for await (const piece of bytes) {
    rest += text.decode(piece, { stream: true })
    const end = rest.lastIndexOf('\n')
    if (end < 0) continue
    for (const row of JSON.parse(`[${rest.slice(0, end).replaceAll('\n', ',')}]`) as Of[]) rows.push(row)
    rest = rest.slice(end + 1)
    if (rows.length > max) return undefined
  }
  return rows
}

function added(
  request: EdgeQuery,
  { refs, traces, talks }: HeldEdges,
  rows: readonly EdgeRow[],
): readonly StoredEdge[] {
  const sums = new EdgeSums(refs)
  for (const row of rows) sums.addRow(row)
  const isRequested = (relation: string) => request.relations?.has(relation) ?? true
  const of = (...labels: readonly Label[]) => refs.among(request.near.filter((ref) => labels.includes(labelOf(ref))))
  const [from, to] = [Number(request.span.from), Number(request.span.to)]
  const [actors, toActions] = [of('SUBJECT'), leadsToActions(request.far)]
  const near = {
    actor: actors,
    impersonated_by: actors,
    resource: of('RESOURCE', 'WORKLOAD'),
    tenant_ref: of('TENANT'),
    region_ref: of('REGION'),
    action_ref: of('ACTION'),
  }
  const leads = (relation: TraceRelation, end: TraceEnd) =>
    isRequested(relation) &&
    (toActions || end === 'action_ref' || !traceEnds[relation].some((name) => name === 'action_ref'))
  for (const { content, without } of traces.parts)
    content.edges.addTo(sums, { near, isRequested: leads, from, to }, without)
  if (isRequested('talks-to'))
    for (const { content, without } of talks.parts)
      content.addTo(sums, { workloads: of('WORKLOAD'), from: from - (from % hourUs), to }, without)
  return shownEdges(sums, request)
}
