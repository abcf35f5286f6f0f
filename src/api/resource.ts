import type { StoreReader } from '../engine/control.ts'
import type { ManifestQuery, ManifestState } from '../model/kubernetes.ts'
import { parseKubernetesRef } from '../model/refs.ts'
import { text, timeSql } from '../query/sql-text.ts'
import type { Principal } from './access/principal.ts'
import { mayName } from './access/scope.ts'
import { rowsOf } from './store-query.ts'
import { manifestAt, versionsOf, type ManifestAt, type Version } from './history.ts'
import { asOf, changeColumns, resourceColumns } from './objects.ts'

type Row = Readonly<Record<string, unknown>>

export interface DescribeOptions {
  readonly store: StoreReader
  readonly current: (query: ManifestQuery) => Promise<ManifestState | undefined>
  readonly disconnected: AbortSignal
  readonly principal: Principal
}

/** Of owners and of owned objects. */
const maxDepth = 6
const [maxIntervals, maxRelations, maxChanges, maxEvents] = [200, 500, 50, 50]

const relationColumns = 'relation, from_ref AS "from", to_ref AS "to", valid_from, valid_to'

/** Undefined: the object is unknown. `gone` is returned when the client has disconnected. `at` in µs. */
export async function describeResource(
  context: DescribeOptions,
  ref: string,
  at: bigint,
): Promise<Readonly<Record<string, unknown>> | undefined | 'gone'> {
  const runQuery = async (sql: string): Promise<readonly Row[]> =>
    (await rowsOf(context.store, sql, context.disconnected)) ?? []
  const until = `ref = ${text(ref)} AND time <= ${timeSql(at)}`
  const [intervals, now, owners, owned, relations, changes, events] = await Promise.all([
    runQuery(
      `SELECT ${resourceColumns} FROM resources WHERE ref = ${text(ref)} ORDER BY valid_from DESC LIMIT ` +
        `${maxIntervals}`,
    ),
    runQuery(
      `SELECT ${resourceColumns}, data FROM resources WHERE ref = ${text(ref)} AND ${asOf(at)} ORDER BY ` +
        'valid_from DESC LIMIT 1',
    ),
    chain(runQuery, ref, at, 'from_ref', 'to'),
    chain(runQuery, ref, at, 'to_ref', 'from'),
    runQuery(relationsSql(ref, at)),
    lastChanges(runQuery, until),
    runQuery(
      `SELECT id, time, data->>'$.type' AS type, data->>'$.reason' AS reason, data->>'$.message' AS message, ` +
        `TRY_CAST(data->>'$.count' AS BIGINT) AS count, data->>'$.reporter' AS reporter, _pos AS pos FROM ` +
        `events WHERE family = 'k8s-event' AND ${until} ORDER BY time DESC, _pos DESC LIMIT ${maxEvents}`,
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
  { current }: DescribeOptions,
  runQuery: (sql: string) => Promise<readonly Row[]>,
  ref: string,
  at: bigint,
  { intervals, now }: { readonly intervals: readonly Row[]; readonly now: Row | undefined },
): Promise<ManifestAt & { readonly versions: readonly Version[] }> {
  const [uid, cluster] = [now?.['uid'] ?? intervals[0]?.['uid'], parseKubernetesRef(ref)?.cluster ?? '']
  // First, so that its changes are stored.
  const state = typeof uid === 'string' ? await current({ cluster, uid }) : undefined
  const [manifest, versions] = await Promise.all([
    now === undefined
      ? { manifest: null, manifest_note: 'The object did not exist at that time.' }
      : manifestAt(runQuery, { ref, cluster, uid: String(now['uid']) }, at, state),
    versionsOf(runQuery, ref, intervals, (state?.object ?? null) as Row | null),
  ])
  return { ...manifest, versions }
}

async function lastChanges(runQuery: (sql: string) => Promise<readonly Row[]>, until: string): Promise<readonly Row[]> {
  const last = await runQuery(
    `SELECT epoch_us(time) AS time, subject, _pos AS pos FROM changes WHERE ${until} ORDER BY time DESC ` +
      `LIMIT ${maxChanges}`,
  )
  const [newest, oldest] = [last[0], last.at(-1)]
  if (newest === undefined || oldest === undefined) return []
  const between =
    `time >= ${timeSql(BigInt(String(oldest['time'])))} AND time <= ` + `${timeSql(BigInt(String(newest['time'])))}`
  return runQuery(
    `SELECT ${changeColumns} FROM changes WHERE subject = ${text(String(newest['subject']))} AND ${between} ` +
      `AND _pos IN (${last.map(({ pos }) => text(String(pos))).join(', ')}) ORDER BY time DESC, _pos DESC`,
  )
}

function isOwn({ from, relation }: Row, ref: string): boolean {
  return from === ref && relation !== 'selects'
}

/** Each object once. */
async function chain(
  runQuery: (sql: string) => Promise<readonly Row[]>,
  ref: string,
  at: bigint,
  by: 'from_ref' | 'to_ref',
  next: 'from' | 'to',
): Promise<readonly Row[]> {
  const all: Row[] = []
  const known = new Set([ref])
  for (let level = [ref], depth = 0; level.length > 0 && depth < maxDepth && all.length < maxRelations; depth++) {
    const rows = await runQuery(
      `SELECT ${relationColumns} FROM relations WHERE relation = 'owned-by' AND ${by} IN ` +
        `(${level.map(text).join(', ')}) AND ${asOf(at)} ORDER BY to_ref, from_ref LIMIT ${maxRelations}`,
    )
    all.push(...rows)
    level = [...new Set(rows.map((row) => String(row[next])))].filter((each) => !known.has(each))
    for (const each of level) known.add(each)
  }
  return all
}

function relationsSql(ref: string, at: bigint): string {
  const kind = parseKubernetesRef(ref)?.kind
  const towards = kind === 'Pod' ? 'selects' : kind === 'Node' ? 'runs-on' : undefined
  const select = (where: string): string => `SELECT ${relationColumns} FROM relations WHERE ${where} AND ${asOf(at)}`
  return (
    `${select(
      `relation IN ('runs-on', 'in-namespace', 'uses-image', ` +
        `'selects', 'provided-by') AND from_ref = ${text(ref)}`,
    )}${towards === undefined ? '' : ` UNION ALL ${select(`relation = '${towards}' AND to_ref = ${text(ref)}`)}`} ` +
    `ORDER BY ALL LIMIT ${maxRelations}`
  )
}
