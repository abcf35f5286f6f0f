/** One object of a cluster: its state at a time, and its history until then. */
import type { ManifestQuery, ManifestState } from '../../model/kubernetes.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import type { ChangeRow } from '../changes/schema.ts'
import { changeColumns } from '../changes/sql.ts'
import { asOf } from '../conditions.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { mayName } from '../scope.ts'
import { manifestAt, momentsOf, versionsOf, type ManifestAt } from './history.ts'
import {
  resourceColumns,
  type ClusterEvent,
  type Relation,
  type Resource,
  type ResourceNow,
  type ResourceRow,
  type ResourceVersion,
} from './schema.ts'
import { objectState } from './state.ts'

/** `manifest`: the current one, if a source watches the cluster. */
export type Watched = Readonly<{ manifest: (query: ManifestQuery) => Promise<ManifestState | undefined> }>

const maxDepth = 6
const [maxIntervals, maxRelations, maxChanges, maxEvents] = [200, 500, 50, 50]

const relationColumns = 'relation, from_ref AS "from", to_ref AS "to", valid_from, valid_to'

/** `at`: µs. */
export type ObjectAt = Readonly<{ ref: string; at: bigint }>

/** Throws {@link Refusal} if nothing of it is stored. */
export async function describeObject(
  object: ObjectAt,
  { manifest, ...surroundings }: Surroundings & Watched,
): Promise<Resource> {
  const { ref, at } = object
  const missing = new Refusal('WEIR_API_NOT_FOUND', `${ref} is unknown.`, [
    'GET /api/v1/resources lists objects; expired ones are deleted.',
  ])
  // Absent and invisible objects look alike.
  if (!mayName(surroundings.viewer, ref)) throw missing
  const dialect = dialectOf(surroundings.store)
  const isRef = `ref = ${dialect.text(ref)}`
  const until = `${isRef} AND time <= ${dialect.time(at)}`
  const [intervals, [now = null], owners, owned, relations, changes, events, moments] = await Promise.all([
    readRows<ResourceRow>(
      surroundings,
      `SELECT ${resourceColumns} FROM resources WHERE ${isRef} ORDER BY valid_from DESC LIMIT ${maxIntervals}`,
    ),
    readRows<ResourceNow>(
      surroundings,
      `SELECT ${resourceColumns}, data FROM resources WHERE ${isRef} AND ${asOf(at, dialect)} ORDER BY ` +
        'valid_from DESC LIMIT 1',
    ),
    chain(object, 'owners', surroundings),
    chain(object, 'owned', surroundings),
    readRows<Relation>(surroundings, relationsSql(object, dialect)),
    lastChanges(until, surroundings),
    readRows<ClusterEvent>(surroundings, eventsSql(until, dialect)),
    momentsOf(ref, surroundings),
  ])
  if ([intervals, changes, events].every((rows) => rows.length === 0)) throw missing
  const visible = (rows: readonly Relation[]): readonly Relation[] =>
    rows.filter((row) =>
      (['from', 'to'] as const).every(
        (end) => mayName(surroundings.viewer, row[end]) || (end === 'to' && isOwn(row, ref)),
      ),
    )
  const states = [...intervals, ...(await earlierState(object, intervals, surroundings))]
  const history = await historyOf(object, { intervals, now }, { ...surroundings, manifest })
  return {
    ref,
    at: isoOf(at),
    now,
    state: objectState(history.manifest),
    ...history,
    moments,
    intervals: states,
    owners: visible(owners),
    owned: visible(owned),
    relations: visible(relations),
    changes,
    events,
  }
}

/** The last state that began by `at`, if all listed ones began later. */
async function earlierState(
  { ref, at }: ObjectAt,
  listed: readonly ResourceRow[],
  surroundings: Surroundings,
): Promise<readonly ResourceRow[]> {
  const oldest = listed.at(-1)
  if (listed.length < maxIntervals || oldest === undefined) return []
  if (BigInt(Date.parse(oldest.valid_from)) * 1000n <= at) return []
  const { text, time } = dialectOf(surroundings.store)
  return readRows<ResourceRow>(
    surroundings,
    `SELECT ${resourceColumns} FROM resources WHERE ref = ${text(ref)} AND valid_from <= ${time(at)} ` +
      'ORDER BY valid_from DESC LIMIT 1',
  )
}

async function historyOf(
  { ref, at }: ObjectAt,
  { intervals, now }: Readonly<{ intervals: readonly ResourceRow[]; now: ResourceNow | null }>,
  { manifest: currentOf, ...surroundings }: Surroundings & Watched,
): Promise<ManifestAt & Readonly<{ versions: readonly ResourceVersion[] }>> {
  const [uid, cluster] = [now?.uid ?? intervals[0]?.uid, parseKubernetesRef(ref)?.cluster ?? '']
  // First, so that its changes are stored.
  const current = uid === undefined ? undefined : await currentOf({ cluster, uid })
  const [manifest, versions] = await Promise.all([
    now === null
      ? { manifest: null, manifest_note: 'The object did not exist at that time.' }
      : manifestAt({ ref, cluster, uid: now.uid, at, current }, surroundings),
    versionsOf({ ref, current }, surroundings),
  ])
  return { ...manifest, versions }
}

function eventsSql(until: string, { integerOf, jsonText }: Dialect): string {
  const member = (name: string) => `${jsonText('data', [name])} AS ${name}`
  return (
    `SELECT id, time, ${['type', 'reason', 'message', 'reporter'].map(member).join(', ')}, ` +
    `${integerOf(jsonText('data', ['count']))} AS count, _pos AS pos FROM events ` +
    `WHERE family = 'k8s-event' AND ${until} ORDER BY time DESC, _pos DESC LIMIT ${maxEvents}`
  )
}

async function lastChanges(until: string, surroundings: Surroundings): Promise<readonly ChangeRow[]> {
  const { micros, text, time } = dialectOf(surroundings.store)
  const last = await readRows<Readonly<{ us: number | string; subject: string; pos: string }>>(
    surroundings,
    `SELECT ${micros('time')} AS us, subject, _pos AS pos FROM changes WHERE ${until} ORDER BY time DESC ` +
      `LIMIT ${maxChanges}`,
  )
  const [newest, oldest] = [last[0], last.at(-1)]
  if (newest === undefined || oldest === undefined) return []
  const [from, to] = [oldest, newest].map(({ us }) => time(BigInt(us)))
  const between = `time >= ${from} AND time <= ${to}`
  return readRows<ChangeRow>(
    surroundings,
    `SELECT ${changeColumns} FROM changes WHERE subject = ${text(newest.subject)} AND ${between} ` +
      `AND _pos IN (${last.map(({ pos }) => text(pos)).join(', ')}) ORDER BY time DESC, _pos DESC`,
  )
}

function isOwn({ from, relation }: Relation, ref: string) {
  return from === ref && relation !== 'selects'
}

const directions = { owners: { by: 'from_ref', next: 'to' }, owned: { by: 'to_ref', next: 'from' } } as const

async function chain(
  { ref, at }: ObjectAt,
  direction: keyof typeof directions,
  surroundings: Surroundings,
): Promise<readonly Relation[]> {
  const dialect = dialectOf(surroundings.store)
  const { by, next } = directions[direction]
  const all: Relation[] = []
  const reached = new Set([ref])
  for (let level = [ref], depth = 0; level.length > 0 && depth < maxDepth && all.length < maxRelations; depth++) {
    const rows = await readRows<Relation>(
      surroundings,
      `SELECT ${relationColumns} FROM ${dialect.relationsAmong(['owned-by'])} WHERE relation = 'owned-by' ` +
        `AND ${by} IN (${level.map(dialect.text).join(', ')}) AND ${asOf(at, dialect)} ` +
        `ORDER BY to_ref, from_ref LIMIT ${maxRelations}`,
    )
    all.push(...rows)
    level = [...new Set(rows.map((row) => row[next]))].filter((end) => !reached.has(end))
    for (const end of level) reached.add(end)
  }
  return all
}

function relationsSql({ ref, at }: ObjectAt, dialect: Dialect): string {
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
