import type { ManifestState } from '../model/kubernetes.ts'
import type { Dialect } from '../query/index.ts'
import { changeOrder } from '../topics/changes/sql.ts'

type Row = Readonly<Record<string, unknown>>
type RunQuery = (sql: string) => Promise<readonly Row[]>

const maxVersions = 100
const newestFirst = (dialect: Dialect) =>
  changeOrder(dialect)
    .map((part) => `${part} DESC`)
    .join(', ')

const podSpecs = ['spec', 'spec.template.spec', 'spec.jobTemplate.spec.template.spec'] as const
const containerLists = ['initContainers', 'containers'] as const

function imagesIn(document: 'old' | 'new', { jsonTexts }: Dialect) {
  const each = podSpecs.flatMap((spec) =>
    containerLists.map((list) => jsonTexts(`"${document}"`, [...spec.split('.'), list], 'image')),
  )
  return `[${each.join(', ')}]`
}

export type Version = Readonly<{
  uid: string
  resource_version: string | null
  /** Null: it was in the first list. */
  operation: string | null
  valid_from: string
  valid_to: string | null
  images: readonly string[]
}>

/** Newest first. `now`: manifest of an object that never changed. */
export async function versionsOf(
  dialect: Dialect,
  runQuery: RunQuery,
  ref: string,
  intervals: readonly Row[],
  current: Readonly<Record<string, unknown>> | null,
): Promise<readonly Version[]> {
  const rows = await runQuery(
    `SELECT uid, operation, time, resource_version, ${imagesIn('new', dialect)} AS images, ` +
      `${imagesIn('old', dialect)} AS before FROM changes WHERE ref = ${dialect.text(ref)} ` +
      `AND (length(noise) = 0 OR operation <> 'updated') ` +
      `ORDER BY ${newestFirst(dialect)} LIMIT ${maxVersions + 1}`,
  )
  const versions: Version[] = []
  const oldest = new Map<string, Row>()
  for (const row of rows.slice(0, maxVersions)) {
    const uid = String(row['uid'])
    const ends = oldest.get(uid)?.['time']
    if (row['operation'] !== 'deleted')
      versions.push({
        uid,
        resource_version: textOf(row['resource_version']),
        operation: String(row['operation']),
        valid_from: String(row['time']),
        valid_to: textOf(ends),
        images: imagesOf(row['images']),
      })
    oldest.set(uid, row)
  }
  const first = new Map(intervals.map((row) => [String(row['uid']), row]))
  for (const [uid, interval] of rows.length > maxVersions ? [] : first) {
    const change = oldest.get(uid)
    if (change?.['operation'] === 'created') continue
    const last = intervals.find((row) => row['uid'] === uid)
    versions.push({
      uid,
      resource_version: textOf(interval['resource_version']),
      operation: null,
      valid_from: String(interval['valid_from']),
      valid_to: textOf(change?.['time'] ?? last?.['valid_to']),
      images: change === undefined ? imagesWithin(current) : imagesOf(change['before']),
    })
  }
  return versions.toSorted((a, b) => (a.valid_from < b.valid_from ? 1 : a.valid_from > b.valid_from ? -1 : 0))
}

export type ManifestAt = Readonly<{
  manifest: Row | null
  manifest_note: string | null
}>

/**
 * After the last change before, else before the next change. Read `current` first, so that all its changes are stored.
 */
export async function manifestAt(
  dialect: Dialect,
  runQuery: RunQuery,
  { ref, cluster, uid }: { ref: string; cluster: string; uid: string },
  at: bigint,
  current: ManifestState | undefined,
): Promise<ManifestAt> {
  const { micros, text, time } = dialect
  const object = `ref = ${text(ref)} AND uid = ${text(uid)}`
  const columns = `${micros('time')} AS us, operation, _pos AS pos`
  const stateOf = async (change: Row, state: 'old' | 'new') => {
    const [row] = await runQuery(
      `SELECT "${state}" AS state FROM changes WHERE ref = ${text(ref)} AND _pos = ` +
        `${text(String(change['pos']))} AND time = ${time(BigInt(String(change['us'])))}`,
    )
    return (row?.['state'] ?? null) as Row | null
  }
  const [[last], [next], [firstSeen]] = await Promise.all([
    runQuery(
      `SELECT ${columns} FROM changes WHERE ${object} AND time <= ${time(at)} ORDER BY ${newestFirst(dialect)} LIMIT 1`,
    ),
    runQuery(
      `SELECT ${columns} FROM changes WHERE ${object} AND time > ${time(at)} ORDER BY ` +
        `${changeOrder(dialect).join(', ')} LIMIT 1`,
    ),
    runQuery(
      `SELECT ${micros('min(time)')} AS us FROM events WHERE family = 'resource' AND ref = ${text(ref)} AND key ` +
        `= ${text(`${cluster}/${uid}`)}`,
    ),
  ])
  const found = (manifest: Row | null, note: string): ManifestAt => ({
    manifest,
    manifest_note: manifest === null ? note : null,
  })
  if (last !== undefined && last['operation'] !== 'deleted')
    return found(await stateOf(last, 'new'), 'The change that created this state does not contain it.')
  const us = firstSeen?.['us']
  const since = [
    ...(typeof us === 'string' || typeof us === 'number' ? [BigInt(us)] : []),
    ...(current?.since === undefined ? [] : [BigInt(current.since) * 1000n]),
  ]
  if (!since.some((each) => each <= at)) return found(null, 'Weir did not know the object at that time.')
  if (next !== undefined)
    return found(await stateOf(next, 'old'), 'The change that ended this state does not contain it.')
  return found(
    (current?.object ?? null) as Row | null,
    'No change of the object is stored, and no source of this instance watches its cluster.',
  )
}

function textOf(value: unknown) {
  return typeof value === 'string' ? value : null
}

function imagesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? [...new Set(value.flat().filter((image) => typeof image === 'string'))] : []
}

function imagesWithin(manifest: Readonly<Record<string, unknown>> | null): readonly string[] {
  const at = (value: unknown, key: string) =>
    typeof value === 'object' && value !== null ? (value as Row)[key] : undefined
  const lists = podSpecs.flatMap((spec) =>
    containerLists.map((list) => at(spec.split('.').reduce<unknown>(at, manifest), list)),
  )
  return imagesOf(lists.flatMap((list) => (Array.isArray(list) ? list.map((container) => at(container, 'image')) : [])))
}
