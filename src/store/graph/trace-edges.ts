/** Who did what, of the rows of some files: numbers for texts, and one number for texts that come together again and again. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { severities, type EdgeSums } from './edge-sums.ts'
import { Column, eachChunk, startsOf, textsIn } from './read-columns.ts'
import { none, type Refs } from './refs.ts'

/** Ends of traces as columns of view `audit` tell them. The domain: the rule of `actorKey` for what would end it early. */
export const tenantRef = "'tenant:' || replace(replace(coalesce(tenant_domain, ''), '%', '%25'), '/', '%2F') || '/' || tenant"
export const regionRef = "'region:' || region"
export const actionRef = "'action:' || action"
/** What actors are called by. */
export const actorCalled = 'coalesce(actor_name, actor_id)'
/** The place of a severity among the words for it. */
export const severityLevel = `CASE severity ${severities.map((word, at) => `WHEN '${word}' THEN ${at}`).join(' ')} ELSE 0 END`

/** What is looked up, as numbers of texts. */
export interface TraceNodes {
  readonly actors: ReadonlySet<number>
  readonly resources: ReadonlySet<number>
  readonly tenants: ReadonlySet<number>
  readonly regions: ReadonlySet<number>
  readonly actions: ReadonlySet<number>
  readonly wanted: (relation: string) => boolean
  /** Actions are ends of what actors did and what was done to resources. */
  readonly toActions: boolean
  /** In µs: from the one to before the other. */
  readonly from: number
  readonly to: number
}

/** What a row is added to. */
const [ofWho, ofWhat, ofActed, ofDid, ofDone] = [1, 2, 4, 8, 16] as const

class Tally {
  count = 0
  first = Infinity
  last = -Infinity
  level = 0

  add(time: number, level: number): void {
    this.count++
    if (time < this.first) this.first = time
    if (time > this.last) this.last = time
    if (level > this.level) this.level = level
  }
}

class Tallies extends Map<number, Tally> {
  tell(key: number, time: number, level: number): void {
    let tally = this.get(key)
    if (tally === undefined) this.set(key, (tally = new Tally()))
    tally.add(time, level)
  }
}

/** Tuples of texts, a column for each place in them. */
type Tuples = readonly Uint32Array[]

interface Rows {
  /** Where the rows of each file begin, and where the last one ends. */
  readonly starts: Uint32Array
  /** µs */
  readonly times: Float64Array
  readonly who: Uint32Array
  readonly what: Uint32Array
  readonly how: Uint32Array
}

const tuples = {
  /** Who is called what, and whose rights he took. */
  who: ['actor', `${actorCalled} AS called`, 'impersonated_by'],
  /** What is called what, and where it belongs. */
  what: ['resource', 'resource_name', `${tenantRef} AS tenant_ref`, `${regionRef} AS region_ref`],
  how: [`${actionRef} AS action_ref`],
} as const

const nameOf = (column: string): string => column.split(' ').at(-1) ?? ''

export class TraceEdges {
  readonly #refs: Refs
  readonly #who: Tuples
  readonly #what: Tuples
  readonly #how: Tuples
  readonly #levels: Uint32Array
  readonly #rows: Rows

  constructor(refs: Refs, tuples: { readonly who: Tuples; readonly what: Tuples; readonly how: Tuples; readonly levels: Uint32Array }, rows: Rows) {
    this.#refs = refs
    this.#who = tuples.who
    this.#what = tuples.what
    this.#how = tuples.how
    this.#levels = tuples.levels
    this.#rows = rows
  }

  /** `table`: columns of view `audit`, and in `file` the number of each row's file among so many. */
  static async read(connection: DuckDBConnection, table: string, files: number, refs: Refs): Promise<TraceEdges> {
    const all: [name: string, columns: readonly string[]][] = [['who', tuples.who], ['what', tuples.what], ['how', [...tuples.how, `(${severityLevel})::UINTEGER AS level`]]]
    const read: Record<string, Tuples> = {}
    const levels = new Column(Uint32Array)
    for (const [name, columns] of all) {
      await connection.run(`CREATE OR REPLACE TEMP TABLE kept_${name} AS SELECT (row_number() OVER () - 1)::UINTEGER AS number, * FROM (SELECT DISTINCT ${columns.join(', ')} FROM ${table})`)
      const texts = tuples[name as keyof typeof tuples].map((): number[] => [])
      await eachChunk(connection, `SELECT * EXCLUDE number FROM kept_${name} ORDER BY number`, (chunk) => {
        texts.forEach((column, at) => { for (const text of textsIn(chunk, at)) column.push(refs.take(text)) })
        if (name === 'how') levels.take(chunk, 1)
      })
      read[name] = texts.map((column) => Uint32Array.from(column))
    }
    const [file, times, who, what, how] = [new Column(Uint32Array), new Column(Float64Array), new Column(Uint32Array), new Column(Uint32Array), new Column(Uint32Array)]
    const joined = all.map(([name, columns]) => `JOIN kept_${name} ON ${columns.map((column) => `kept_${name}.${nameOf(column)} IS NOT DISTINCT FROM r.${nameOf(column)}`).join(' AND ')}`)
    await eachChunk(connection, `SELECT file, epoch_us(time)::DOUBLE, kept_who.number, kept_what.number, kept_how.number FROM (SELECT file, time, ${all.flatMap(([, columns]) => columns).join(', ')} FROM ${table} WHERE time IS NOT NULL) r ${joined.join(' ')} ORDER BY file`, (chunk) => {
      for (const [at, column] of [file, times, who, what, how].entries()) column.take(chunk, at)
    })
    for (const [name] of all) await connection.run(`DROP TABLE kept_${name}`)
    return new TraceEdges(refs, { who: read['who'] ?? [], what: read['what'] ?? [], how: read['how'] ?? [], levels: levels.values() }, { starts: startsOf(file.values(), files), times: times.values(), who: who.values(), what: what.values(), how: how.values() })
  }

  /** Beside the texts. */
  get bytes(): number {
    return [...this.#who, ...this.#what, ...this.#how, this.#levels, ...Object.values(this.#rows) as (Uint32Array | Float64Array)[]].reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** Gives the texts back. */
  release(): void {
    for (const column of [...this.#who, ...this.#what, ...this.#how]) this.#refs.release(column)
  }

  /** Adds the edges that the rows of files tell, without some of these. */
  addTo(sums: EdgeSums, nodes: TraceNodes, without: ReadonlySet<number>): void {
    const { actors, resources, tenants, regions, actions, wanted, toActions } = nodes
    const [actor, called, by] = this.#who as [Uint32Array, Uint32Array, Uint32Array]
    const [resource, name, tenant, region] = this.#what as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]
    const [action] = this.#how as [Uint32Array]
    const of = (relation: string, flag: number): number => (wanted(relation) ? flag : 0)
    const far = { acted: of('acted-on', ofActed), assumed: of('assumed-by', ofWho), member: of('member-of', ofWhat), located: of('located-at', ofWhat), did: of('did', ofDid), done: of('done-to', ofDone) }
    const flagsOfWho = actor.map((ref, at) => (actors.has(ref) ? far.acted | far.assumed | (toActions ? far.did : 0) : 0) | (actors.has(by[at] ?? none) ? far.assumed : 0))
    const flagsOfWhat = resource.map((ref, at) => (resources.has(ref) ? far.acted | far.member | (toActions ? far.done : 0) : 0) | (tenants.has(tenant[at] ?? none) ? far.member | far.located : 0) | (regions.has(region[at] ?? none) ? far.located : 0))
    const flagsOfHow = action.map((ref) => (actions.has(ref) ? far.did | far.done : 0))
    if (![flagsOfWho, flagsOfWhat, flagsOfHow].some((flags) => flags.some((flag) => flag !== 0))) return
    const tallies = { who: new Tallies(), what: new Tallies(), acted: new Tallies(), did: new Tallies(), done: new Tallies() }
    const [whats, hows] = [resource.length, action.length]
    this.#eachRow(nodes, without, (time, who, what, how) => {
      const flags = (flagsOfWho[who] ?? 0) | (flagsOfWhat[what] ?? 0) | (flagsOfHow[how] ?? 0)
      if (flags === 0) return
      if ((flags & ofWho) !== 0) tallies.who.tell(who, time, 0)
      if ((flags & ofWhat) !== 0) tallies.what.tell(what, time, 0)
      if ((flags & ofActed) !== 0) tallies.acted.tell(who * whats + what, time, this.#levels[how] ?? 0)
      if ((flags & ofDid) !== 0) tallies.did.tell(who * hows + how, time, 0)
      if ((flags & ofDone) !== 0) tallies.done.tell(what * hows + how, time, 0)
    })
    interface End { readonly ref: number; readonly near: ReadonlySet<number>; readonly name: number }
    const tell = (relation: string, tally: Tally, from: End, to: End): void => {
      const added = relation === 'acted-on' ? tally : { count: tally.count, first: tally.first, last: tally.last }
      if (from.near.has(from.ref)) sums.of(relation, true).add(from.ref, to.ref, added, from.name, to.name)
      if (to.near.has(to.ref)) sums.of(relation, false).add(to.ref, from.ref, added, to.name, from.name)
    }
    const actorEnd = (who: number): End => ({ ref: actor[who] ?? none, near: actors, name: called[who] ?? none })
    const resourceEnd = (what: number): End => ({ ref: resource[what] ?? none, near: resources, name: name[what] ?? none })
    const unnamed = (column: Uint32Array, at: number, near: ReadonlySet<number>): End => ({ ref: column[at] ?? none, near, name: none })
    const nobody: ReadonlySet<number> = new Set()
    for (const [who, tally] of tallies.who) tell('assumed-by', tally, unnamed(actor, who, actors), unnamed(by, who, actors))
    for (const [what, tally] of tallies.what) {
      if (far.member !== 0) tell('member-of', tally, unnamed(resource, what, resources), unnamed(tenant, what, tenants))
      if (far.located !== 0) tell('located-at', tally, unnamed(tenant, what, tenants), unnamed(region, what, regions))
    }
    for (const [key, tally] of tallies.acted) tell('acted-on', tally, actorEnd(Math.floor(key / whats)), resourceEnd(key % whats))
    for (const [key, tally] of tallies.did) {
      const who = actorEnd(Math.floor(key / hows))
      tell('did', tally, toActions ? who : { ...who, near: nobody }, unnamed(action, key % hows, actions))
    }
    for (const [key, tally] of tallies.done) {
      const what = resourceEnd(Math.floor(key / hows))
      tell('done-to', tally, unnamed(action, key % hows, actions), toActions ? what : { ...what, near: nobody })
    }
  }

  #eachRow({ from, to }: TraceNodes, without: ReadonlySet<number>, tell: (time: number, who: number, what: number, how: number) => void): void {
    const { starts, times, who, what, how } = this.#rows
    for (let file = 0; file + 1 < starts.length; file++) {
      if (without.has(file)) continue
      for (let row = starts[file] ?? 0, end = starts[file + 1] ?? 0; row < end; row++) {
        const time = times[row] as number
        if (time >= from && time < to) tell(time, who[row] as number, what[row] as number, how[row] as number)
      }
    }
  }
}
