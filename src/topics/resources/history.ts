import type { ManifestState } from '../../model/kubernetes.ts'
import { isRecord } from '../../model/json.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { changeOrder } from '../changes/sql.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import type { Resource, ResourceVersion } from './schema.ts'

type Manifest = NonNullable<Resource['manifest']>

const maxVersions = 100
const newestFirst = (dialect: Dialect) =>
  changeOrder(dialect)
    .map((part) => `${part} DESC`)
    .join(', ')

const podSpecs = ['spec', 'spec.template.spec', 'spec.jobTemplate.spec.template.spec'] as const
const containerLists = ['initContainers', 'containers'] as const

function imagesIn(document: 'old' | 'new', { jsonTexts }: Dialect) {
  const lists = podSpecs.flatMap((spec) =>
    containerLists.map((list) => jsonTexts(`"${document}"`, [...spec.split('.'), list], 'image')),
  )
  return `[${lists.join(', ')}]`
}

type VersionRow = Readonly<{
  uid: string
  operation: string
  time: string
  resource_version: string | null
  images: unknown
  before: unknown
}>

type Versioned = Readonly<{
  ref: string
  /** State of an object that never changed. */
  current: ManifestState | undefined
}>

type Life = Readonly<{ uid: string; version: string | null; since: string; until: string | null }>

/** The first state and the end of each object of that name. A changing status begins many states. */
function livesOf(ref: string, dialect: Dialect, surroundings: Surroundings) {
  return readRows<Life>(
    surroundings,
    'SELECT uid, argMin(resource_version, valid_from) AS version, min(valid_from) AS since, ' +
      'CASE WHEN count(valid_to) = count(*) THEN max(valid_to) END AS until ' +
      `FROM resources WHERE ref = ${dialect.text(ref)} GROUP BY uid ORDER BY since DESC LIMIT ${maxVersions}`,
  )
}

/** Newest first. */
export async function versionsOf(
  { ref, current }: Versioned,
  surroundings: Surroundings,
): Promise<readonly ResourceVersion[]> {
  const dialect = dialectOf(surroundings.store)
  const [rows, lives] = await Promise.all([
    readRows<VersionRow>(
      surroundings,
      `SELECT uid, operation, time, resource_version, ${imagesIn('new', dialect)} AS images, ` +
        `${imagesIn('old', dialect)} AS before FROM changes WHERE ref = ${dialect.text(ref)} ` +
        `AND (length(noise) = 0 OR operation <> 'updated') ` +
        `ORDER BY ${newestFirst(dialect)} LIMIT ${maxVersions + 1}`,
    ),
    livesOf(ref, dialect, surroundings),
  ])
  const versions: ResourceVersion[] = []
  const oldest = new Map<string, VersionRow>()
  for (const row of rows.slice(0, maxVersions)) {
    const { uid, operation, time, resource_version: version, images } = row
    if (operation !== 'deleted')
      versions.push({
        uid,
        resource_version: version,
        operation,
        valid_from: time,
        valid_to: oldest.get(uid)?.time ?? null,
        images: imagesOf(images),
      })
    oldest.set(uid, row)
  }
  for (const { uid, version, since, until } of rows.length > maxVersions ? [] : lives) {
    const change = oldest.get(uid)
    if (change?.operation === 'created') continue
    versions.push({
      uid,
      resource_version: version,
      operation: null,
      valid_from: since,
      valid_to: change?.time ?? until,
      images: change === undefined ? imagesWithin(current?.object) : imagesOf(change.before),
    })
  }
  return versions.toSorted((a, b) => (a.valid_from < b.valid_from ? 1 : a.valid_from > b.valid_from ? -1 : 0))
}

const maxMoments = 5000

/** Times at which the object changed, was deleted or created again, as the view `resources` has them; ascending. */
export async function momentsOf(ref: string, surroundings: Surroundings): Promise<readonly string[]> {
  const dialect = dialectOf(surroundings.store)
  const isRef = `ref = ${dialect.text(ref)}`
  const times = [
    `SELECT ${dialect.micros('valid_from')} AS us FROM resources WHERE ${isRef}`,
    `SELECT ${dialect.micros('valid_to')} AS us FROM resources WHERE ${isRef} AND valid_to IS NOT NULL`,
    // States of older versions of Weir have the times of changed fields only.
    `SELECT ${dialect.micros('time')} AS us FROM changes WHERE ${isRef} AND operation <> 'deleted' AND ` +
      `(length(noise) = 0 OR operation = 'created')`,
  ]
  const rows = await readRows<Readonly<{ us: number | string }>>(
    surroundings,
    `SELECT DISTINCT us FROM (${times.join(' UNION ALL ')}) ORDER BY us DESC LIMIT ${maxMoments}`,
  )
  return rows.map(({ us }) => isoOf(BigInt(us))).toReversed()
}

export type ManifestAt = Pick<Resource, 'manifest' | 'manifest_note'>

type Version = Readonly<{ ref: string; cluster: string; uid: string; at: bigint; current: ManifestState | undefined }>

type ChangeTime = Readonly<{ us: number | string; operation: string; pos: string }>

/**
 * After the last change before, else before the next change. Read `current` first, so that all its changes are stored.
 */
export async function manifestAt(
  { ref, cluster, uid, at, current }: Version,
  surroundings: Surroundings,
): Promise<ManifestAt> {
  const dialect = dialectOf(surroundings.store)
  const { micros, text, time } = dialect
  const object = `ref = ${text(ref)} AND uid = ${text(uid)}`
  const columns = `${micros('time')} AS us, operation, _pos AS pos`
  const stateOf = async ({ us, pos }: ChangeTime, state: 'old' | 'new'): Promise<Manifest | null> => {
    const [row] = await readRows<Readonly<{ state: Manifest | null }>>(
      surroundings,
      `SELECT "${state}" AS state FROM changes WHERE ref = ${text(ref)} AND _pos = ` +
        `${text(pos)} AND time = ${time(BigInt(us))}`,
    )
    return row?.state ?? null
  }
  const [[last], [next], [firstSeen]] = await Promise.all([
    readRows<ChangeTime>(
      surroundings,
      `SELECT ${columns} FROM changes WHERE ${object} AND time <= ${time(at)} ORDER BY ${newestFirst(dialect)} LIMIT 1`,
    ),
    readRows<ChangeTime>(
      surroundings,
      `SELECT ${columns} FROM changes WHERE ${object} AND time > ${time(at)} ORDER BY ` +
        `${changeOrder(dialect).join(', ')} LIMIT 1`,
    ),
    readRows<Readonly<{ us: number | string | null }>>(
      surroundings,
      `SELECT ${micros('min(time)')} AS us FROM events WHERE family = 'resource' AND ref = ${text(ref)} AND key ` +
        `= ${text(`${cluster}/${uid}`)}`,
    ),
  ])
  if (last !== undefined && last.operation !== 'deleted')
    return noted(await stateOf(last, 'new'), 'The change that created this state does not contain it.')
  const us = firstSeen?.us ?? null
  const since = [
    ...(us === null ? [] : [BigInt(us)]),
    ...(current?.since === undefined ? [] : [BigInt(current.since) * 1000n]),
  ]
  if (!since.some((first) => first <= at)) return noted(null, 'Weir did not know the object at that time.')
  if (next !== undefined)
    return noted(await stateOf(next, 'old'), 'The change that ended this state does not contain it.')
  return noted(
    (current?.object ?? null) as Manifest | null,
    'No change of the object is stored, and no source of this instance watches its cluster.',
  )
}

const noted = (manifest: Manifest | null, note: string): ManifestAt => ({
  manifest,
  manifest_note: manifest === null ? note : null,
})

function imagesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? [...new Set(value.flat().filter((image) => typeof image === 'string'))] : []
}

function imagesWithin(manifest: object | undefined): readonly string[] {
  const at = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined)
  const lists = podSpecs.flatMap((spec) =>
    containerLists.map((list) => at(spec.split('.').reduce<unknown>(at, manifest), list)),
  )
  return imagesOf(lists.flatMap((list) => (Array.isArray(list) ? list.map((container) => at(container, 'image')) : [])))
}
