import type { DuckDBConnection } from '@duckdb/node-api'
import { severities, type EdgeSums, type RelationSums } from './edge-sums.ts'
import { Column, eachChunk, startsOf, textsIn } from './read-columns.ts'
import { none, type Codes, type Refs } from './refs.ts'

/** Ends on view `audit`, for DuckDB and for ClickHouse. Domains follow `actorKey`. */
export const tenantRef =
  "'tenant:' || replace(replace(coalesce(tenant_domain, ''), '%', '%25'), '/', '%2F') || '/' || tenant"
export const regionRef = "'region:' || region"
export const actionRef = "'action:' || action"
export const actorCalled = 'coalesce(actor_name, actor_id)'
export const severityLevel = `CASE severity ${severities.map((word, at) => `WHEN '${word}' THEN ${at}`).join(' ')}
    ELSE 0 END`

export const traceEnds = {
  'acted-on': ['actor', 'resource'],
  'assumed-by': ['actor', 'impersonated_by'],
  'member-of': ['resource', 'tenant_ref'],
  'located-at': ['tenant_ref', 'region_ref'],
  did: ['actor', 'action_ref'],
  'done-to': ['action_ref', 'resource'],
} as const
export type TraceRelation = keyof typeof traceEnds
export type TraceEnd = (typeof traceEnds)[TraceRelation][number]
export const actionRelations: ReadonlySet<TraceRelation> = new Set(['acted-on', 'did', 'done-to'])

type TraceNodes = Readonly<{
  near: Readonly<Record<TraceEnd, Codes>>
  isRequested: (relation: TraceRelation, near: TraceEnd) => boolean
  /** µs, to before `to`. */
  from: number
  to: number
}>

const tuples = {
  actors: { actor: 'actor', actor_called: actorCalled, impersonated_by: 'impersonated_by' },
  what: { resource: 'resource', resource_called: 'resource_name', tenant_ref: tenantRef, region_ref: regionRef },
  how: { action_ref: actionRef },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<TraceEnd | `${TraceEnd}_called`, string>>>>>
type Tuple = keyof typeof tuples
const tupleNames = Object.keys(tuples) as Tuple[]

type Rows = Readonly<{
  starts: Uint32Array
  /** µs, exact until the year 2255. */
  times: Float64Array
  actors: Uint32Array
  what: Uint32Array
  how: Uint32Array
}>

type RowEdge = Readonly<{
  sums: RelationSums
  near: End
  far: End
  levels: Uint32Array | undefined
}>

type End = Readonly<{
  tuple: Tuple
  tuples: Uint32Array
  refs: Uint32Array
  called: Uint32Array | undefined
}>

export class TraceEdges {
  readonly #refs: Refs
  readonly #texts: Readonly<Record<string, Uint32Array>>
  readonly #levels: Uint32Array
  readonly #rows: Rows
  readonly #spans: readonly (readonly [number, number])[]

  private constructor(refs: Refs, texts: Readonly<Record<string, Uint32Array>>, levels: Uint32Array, rows: Rows) {
    this.#refs = refs
    this.#texts = texts
    this.#levels = levels
    this.#rows = rows
    this.#spans = Array.from(rows.starts.subarray(1), (end, file) =>
      spanOf(rows.times.subarray(rows.starts[file], end)),
    )
  }

  /** `table`: columns of view `audit`, and `file`, the index of each row's file. */
  static async read(connection: DuckDBConnection, table: string, files: number, refs: Refs): Promise<TraceEdges> {
    const texts: Record<string, number[]> = {}
    try {
      const levels = new Column(Uint32Array)
      for (const tuple of tupleNames) {
        const names = Object.keys(tuples[tuple])
        await connection.run(
          `CREATE OR REPLACE TEMP TABLE kept_${tuple} AS SELECT (row_number() OVER () - 1)::UINTEGER AS number, *
            FROM (SELECT DISTINCT ${columnsOf(tuple)} FROM ${table})`,
        )
        for (const name of names) texts[name] = []
        await eachChunk(connection, `SELECT * EXCLUDE number FROM kept_${tuple} ORDER BY number`, (chunk) => {
          for (const [at, name] of names.entries())
            for (const text of textsIn(chunk, at)) texts[name]?.push(refs.take(text))
          if (tuple === 'how') levels.take(chunk, names.length)
        })
      }
      const columns = [
        new Column(Uint32Array),
        new Column(Float64Array),
        new Column(Uint32Array),
        new Column(Uint32Array),
        new Column(Uint32Array),
      ] as const
      const joined = tupleNames.map(
        (tuple) =>
          `JOIN kept_${tuple} ON ${namesOf(tuple)
            .map((name) => `kept_${tuple}.${name} IS NOT DISTINCT FROM r.${name}`)
            .join(' AND ')}`,
      )
      const rows = `SELECT file, time, ${tupleNames.map(columnsOf).join(', ')} FROM ${table} WHERE time IS NOT NULL`
      await eachChunk(
        connection,
        `SELECT file, epoch_us(time)::DOUBLE, ${tupleNames.map((tuple) => `kept_${tuple}.number`).join(', ')}
          FROM (${rows}) r ${joined.join(' ')} ORDER BY file`,
        (chunk) => {
          for (const [at, column] of columns.entries()) column.take(chunk, at)
        },
      )
      for (const tuple of tupleNames) await connection.run(`DROP TABLE kept_${tuple}`)
      const [file, times, actors, what, how] = columns
      return new TraceEdges(
        refs,
        Object.fromEntries(Object.entries(texts).map(([name, codes]) => [name, Uint32Array.from(codes)])),
        levels.values(),
        {
          starts: startsOf(file.values(), files),
          times: times.values(),
          actors: actors.values(),
          what: what.values(),
          how: how.values(),
        },
      )
    } catch (error) {
      for (const codes of Object.values(texts)) refs.release(codes)
      throw error
    }
  }

  get bytes(): number {
    const { starts, times, actors, what, how } = this.#rows
    return [...Object.values(this.#texts), this.#levels, starts, times, actors, what, how].reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    )
  }

  release(): void {
    for (const codes of Object.values(this.#texts)) this.#refs.release(codes)
  }

  addTo(sums: EdgeSums, nodes: TraceNodes, without: ReadonlySet<number>): void {
    const { from, to } = nodes
    const { starts, times, actors, what, how } = this.#rows
    const { edges: rowEdges, flags } = this.#edgesOf(sums, nodes)
    if (rowEdges.length === 0) return
    const { actors: ofActors, what: ofWhat, how: ofHow } = flags
    for (let file = 0; file + 1 < starts.length; file++) {
      const [first, last] = this.#spans[file]!
      if (without.has(file) || first >= to || last < from) continue
      for (let row = starts[file]!, end = starts[file + 1]!; row < end; row++) {
        const all = ofActors[actors[row]!]! | ofWhat[what[row]!]! | ofHow[how[row]!]!
        if (all === 0) continue
        const time = times[row]!
        if (time < from || time >= to) continue
        for (let rest = all; rest !== 0; rest &= rest - 1) {
          const { sums: edges, near, far, levels } = rowEdges[31 - Math.clz32(rest & -rest)]!
          const [nearTuple, farTuple] = [near.tuples[row]!, far.tuples[row]!]
          const edge = edges.edge(near.refs[nearTuple]!, far.refs[farTuple]!)
          edges.add(edge, 1, time, time)
          if (levels !== undefined) edges.addLevel(edge, levels[how[row]!]!)
          if (near.called !== undefined || far.called !== undefined)
            edges.addNames(edge, near.called?.[nearTuple] ?? none, far.called?.[farTuple] ?? none)
        }
      }
    }
  }

  #edgesOf(
    sums: EdgeSums,
    { near, isRequested }: TraceNodes,
  ): Readonly<{ edges: readonly RowEdge[]; flags: Readonly<Record<Tuple, Uint16Array>> }> {
    const edges: RowEdge[] = []
    const flags = {
      actors: new Uint16Array(this.#texts['actor']?.length ?? 0),
      what: new Uint16Array(this.#texts['resource']?.length ?? 0),
      how: new Uint16Array(this.#levels.length),
    }
    for (const relation of Object.keys(traceEnds) as TraceRelation[]) {
      for (const forward of [true, false]) {
        const [nearName, farName] = forward
          ? traceEnds[relation]
          : (traceEnds[relation].toReversed() as [TraceEnd, TraceEnd])
        if (near[nearName].size === 0 || !isRequested(relation, nearName)) continue
        const [nearEnd, farEnd] = [this.#end(nearName, relation), this.#end(farName, relation)]
        const [bit, tuple, { refs }, { marks }] = [1 << edges.length, flags[nearEnd.tuple], nearEnd, near[nearName]]
        edges.push({
          sums: sums.of({ relation, forward }),
          near: nearEnd,
          far: farEnd,
          levels: relation === 'acted-on' ? this.#levels : undefined,
        })
        for (let at = 0; at < refs.length; at++) if (marks[refs[at]!] !== 0) tuple[at] = tuple[at]! | bit
      }
    }
    return { edges, flags }
  }

  #end(end: TraceEnd, relation: TraceRelation): End {
    const tuple = tupleNames.find((name) => end in tuples[name]) ?? 'actors'
    return {
      tuple,
      tuples: this.#rows[tuple],
      refs: this.#texts[end] ?? new Uint32Array(0),
      called: actionRelations.has(relation) ? this.#texts[`${end}_called`] : undefined,
    }
  }
}

function spanOf(times: Float64Array): readonly [number, number] {
  let [first, last] = [Infinity, -Infinity]
  for (const time of times) {
    if (time < first) first = time
    if (time > last) last = time
  }
  return [first, last]
}

function namesOf(tuple: Tuple): readonly string[] {
  return [...Object.keys(tuples[tuple]), ...(tuple === 'how' ? ['level'] : [])]
}

function columnsOf(tuple: Tuple) {
  return [
    ...Object.entries(tuples[tuple]).map(([name, sql]) => `${sql} AS ${name}`),
    ...(tuple === 'how' ? [`(${severityLevel})::UINTEGER AS level`] : []),
  ].join(', ')
}
