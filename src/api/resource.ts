import type { StoreReader } from '../engine/control.ts'
import type { ManifestQuery, ManifestState } from '../model/kubernetes.ts'
import { parseKubernetesRef } from '../model/refs.ts'
import { dialectOf, type Dialect } from '../query/index.ts'
import type { Principal } from './access/principal.ts'
import { mayName } from '../topics/scope.ts'
import { rowsOf } from './store-query.ts'
import { manifestAt, versionsOf, type ManifestAt, type Version } from './history.ts'
import { objectState } from './object-state.ts'
import { asOf } from '../topics/conditions.ts'
import { changeColumns } from '../topics/changes/sql.ts'
import { resourceColumns } from '../topics/resources/schema.ts'

type Row = Readonly<Record<string, unknown>>

type DescribeOptions = Readonly<{
  store: StoreReader
  current: (query: ManifestQuery) => Promise<ManifestState | undefined>
  disconnected: AbortSignal
  principal: Principal
}>

const maxDepth = 6
const [maxIntervals, maxRelations, maxChanges, maxEvents] = [200, 500, 50, 50]

const relationColumns = 'relation, from_ref AS "from", to_ref AS "to", valid_from, valid_to'

export async function describeResource(
  context: DescribeOptions,
  ref: string,
  at: bigint,
): Promise<Readonly<Record<string, unknown>> | undefined | 'gone'> {
  const runQuery = async (sql: string): Promise<readonly Row[]> =>
    (await rowsOf(context.store, sql, context.disconnected)) ?? []
  const dialect = dialectOf(context.store)
  const { integerOf, jsonText, text } = dialect
  const member = (name: string) => `${jsonText('data', [name])} AS ${name}`
  const until = `ref = ${text(ref)} AND time <= ${dialect.time(at)}`
  const [intervals, now, owners, owned, relations, changes, events] = await Promise.all([
    runQuery(
      `SELECT ${resourceColumns} FROM resources WHERE ref = ${text(ref)} ORDER BY valid_from DESC LIMIT ` +
        `${maxIntervals}`,
    ),
    runQuery(
      `SELECT ${resourceColumns}, data FROM resources WHERE ref = ${text(ref)} AND ${asOf(at, dialect)} ORDER BY ` +
        'valid_from DESC LIMIT 1',
    ),
    chain(dialect, runQuery, ref, at, 'owners'),
    chain(dialect, runQuery, ref, at, 'owned'),
    runQuery(relationsSql(ref, at, dialect)),
    lastChanges(dialect, runQuery, until),
    runQuery(
      `SELECT id, time, ${['type', 'reason', 'message', 'reporter'].map(member).join(', ')}, ` +
        `${integerOf(jsonText('data', ['count']))} AS count, _pos AS pos FROM events ` +
        `WHERE family = 'k8s-event' AND ${until} ORDER BY time DESC, _pos DESC LIMIT ${maxEvents}`,
    ),
  ])
  if (context.disconnected.aborted) return 'gone'
  if ([intervals, changes, events].every((rows) => rows.length === 0)) return undefined
  const seen = (rows: readonly Row[]): readonly Row[] =>
    rows.filter((row) =>
      ['from', 'to'].every((end) => mayName(context.principal, String(row[end])) || (end === 'to' && isOwn(row, ref))),
    )
  const { versions, ...manifest } = await history(context, runQuery, ref, at, { intervals, now: now[0] })
  if (context.disconnected.aborted) return 'gone'
  return {
    now: now[0] ?? null,
    state: objectState(manifest.manifest),
    ...manifest,
    versions,
    intervals,
    owners: seen(owners),
    owned: seen(owned),
    relations: seen(relations),
    changes,
    events,
  }
}

async function history(
  { current, store }: DescribeOptions,
  runQuery: (sql: string) => Promise<readonly Row[]>,
  ref: string,
  at: bigint,
  { intervals, now }: { intervals: readonly Row[]; now: Row | undefined },
): Promise<ManifestAt & { readonly versions: readonly Version[] }> {
  const [uid, cluster] = [now?.['uid'] ?? intervals[0]?.['uid'], parseKubernetesRef(ref)?.cluster ?? '']
  // First, so that its changes are stored.
  const state = typeof uid === 'string' ? await current({ cluster, uid }) : undefined
  const dialect = dialectOf(store)
  const [manifest, versions] = await Promise.all([
    now === undefined
      ? { manifest: null, manifest_note: 'The object did not exist at that time.' }
      : manifestAt(dialect, runQuery, { ref, cluster, uid: String(now['uid']) }, at, state),
    versionsOf(dialect, runQuery, ref, intervals, (state?.object ?? null) as Row | null),
  ])
  return { ...manifest, versions }
}

async function lastChanges(
  { micros, text, time }: Dialect,
  runQuery: (sql: string) => Promise<readonly Row[]>,
  until: string,
): Promise<readonly Row[]> {
  const last = await runQuery(
    `SELECT ${micros('time')} AS us, subject, _pos AS pos FROM changes WHERE ${until} ORDER BY time DESC ` +
      `LIMIT ${maxChanges}`,
  )
  const [newest, oldest] = [last[0], last.at(-1)]
  if (newest === undefined || oldest === undefined) return []
  const [from, to] = [oldest, newest].map(({ us }) => time(BigInt(String(us))))
  const between = `time >= ${from} AND time <= ${to}`
  return runQuery(
    `SELECT ${changeColumns} FROM changes WHERE subject = ${text(String(newest['subject']))} AND ${between} ` +
      `AND _pos IN (${last.map(({ pos }) => text(String(pos))).join(', ')}) ORDER BY time DESC, _pos DESC`,
  )
}

function isOwn({ from, relation }: Row, ref: string) {
  return from === ref && relation !== 'selects'
}

async function chain(
  dialect: Dialect,
  runQuery: (sql: string) => Promise<readonly Row[]>,
  ref: string,
  at: bigint,
  towards: 'owners' | 'owned',
): Promise<readonly Row[]> {
  const [start, next] = towards === 'owners' ? ['from_ref', 'to'] : ['to_ref', 'from']
  const all: Row[] = []
  const known = new Set([ref])
  for (let level = [ref], depth = 0; level.length > 0 && depth < maxDepth && all.length < maxRelations; depth++) {
    const rows = await runQuery(
      `SELECT ${relationColumns} FROM ${dialect.relationsAmong(['owned-by'])} WHERE relation = 'owned-by' ` +
        `AND ${start} IN (${level.map(dialect.text).join(', ')}) AND ${asOf(at, dialect)} ` +
        `ORDER BY to_ref, from_ref LIMIT ${maxRelations}`,
    )
    all.push(...rows)
    level = [...new Set(rows.map((row) => String(row[next])))].filter((each) => !known.has(each))
    for (const each of level) known.add(each)
  }
  return all
}

function relationsSql(ref: string, at: bigint, dialect: Dialect): string {
  const { relationsAmong, text } = dialect
  const kind = parseKubernetesRef(ref)?.kind
  const towards =
    kind === undefined ? undefined : ({ Pod: 'selects', Node: 'runs-on', Service: 'serves' } as const)[kind]
  const select = (relations: readonly string[], end: 'from_ref' | 'to_ref') =>
    `SELECT ${relationColumns} FROM ${relationsAmong(relations)} WHERE relation IN ` +
    `(${relations.map(text).join(', ')}) AND ${end} = ${text(ref)} AND ${asOf(at, dialect)}`
  const hosted = kind === 'Node' ? ['hosted-on'] : []
  const rows = [
    select(['runs-on', 'in-namespace', 'uses-image', 'selects', 'provided-by', ...hosted], 'from_ref'),
    ...(towards === undefined ? [] : [select([towards], 'to_ref')]),
  ]
  return (
    `SELECT relation, "from", "to", valid_from, valid_to FROM (${rows.join(' UNION ALL ')}) ` +
    `ORDER BY relation, "from", "to", valid_from, valid_to LIMIT ${maxRelations}`
  )
}
