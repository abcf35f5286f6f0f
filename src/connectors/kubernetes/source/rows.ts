import { crc32 } from 'node:zlib'
import type { Database, DatabaseStatement } from '../../../host/database.ts'

const layout = 4

type StoredRow = ReturnType<DatabaseStatement['all']>[number]

export function openTables(database: Database): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version !== 0 && version !== layout)
    throw new Error(`it has layout ${version}, this version of Weir reads layout ${layout}`)
  database.transaction(() => {
    // One checksum per group of columns that is written together; NULL is not verified.
    database.exec(`
      CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT, sum INTEGER) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY, key TEXT UNIQUE, cursor TEXT, sum INTEGER);
      CREATE TABLE IF NOT EXISTS objects (row INTEGER PRIMARY KEY, collection INTEGER, uid TEXT, version TEXT,
        hash TEXT, emitted TEXT, namespace TEXT, name TEXT, block INTEGER, slot INTEGER, emitted_at INTEGER,
        emitted_version TEXT, since TEXT, location_sum INTEGER, facts_sum INTEGER, emission_sum INTEGER)`)
    if (version !== layout) database.exec(`PRAGMA user_version = ${layout}`)
  })
  // A damaged page may hide rows. Documents have their own checksums.
  for (const table of ['state', 'collections', 'objects']) {
    const problem = database.prepare(`PRAGMA quick_check(${table})`).get()?.['quick_check']
    if (problem !== 'ok') throw new Error(`table ${table} is damaged: ${String(problem)}`)
  }
}

export function stateOf(database: Database): Map<string, string> {
  return new Map(
    database
      .prepare('SELECT * FROM state')
      .all()
      .map(({ key, value, sum }) => {
        verifyRow('state', sum, stateSum(String(key), String(value)))
        return [String(key), String(value)]
      }),
  )
}

type Location = Readonly<{
  row: number
  collection: number
  uid: string
  namespace: string | null
  name: string
  block: number
  slot: number
}>

export function locationSum({ row, collection, uid, namespace, name, block, slot }: Location): number {
  return sumOf(row, collection, uid, namespace, name, block, slot)
}

export function factsSum(
  row: number,
  { version, hash, emitted }: { version: string; hash: string; emitted: string },
): number {
  return sumOf(row, version, hash, emitted)
}

export function emissionSum(
  row: number,
  emission: Readonly<{ at: number; version: string; since: string }> | undefined,
): number | null {
  return emission === undefined ? null : sumOf(row, emission.at, emission.version, emission.since)
}

/** The cursor of a collection that was never listed is null. */
export function collectionSum(id: number, key: string, cursor: string | null): number {
  return sumOf(id, key, cursor === null ? 'never' : `at ${cursor}`)
}

export function stateSum(key: string, value: string): number {
  return sumOf(key, value)
}

/** The damaged part of a row of `objects`; 'location': it may belong to another collection. */
export function damageOf({
  row,
  collection,
  uid,
  version,
  hash,
  emitted,
  namespace,
  name,
  block,
  slot,
  emitted_at: at,
  emitted_version: emission,
  since,
  location_sum: ofLocation,
  facts_sum: ofFacts,
  emission_sum: ofEmission,
}: StoredRow): 'location' | 'facts' | undefined {
  if (ofLocation !== null && ofLocation !== sumOf(row, collection, uid, namespace, name, block, slot)) return 'location'
  if (ofFacts !== null && ofFacts !== sumOf(row, version, hash, emitted)) return 'facts'
  return ofEmission !== null && ofEmission !== sumOf(row, at, emission, since) ? 'facts' : undefined
}

/** Throws if a row that the whole map depends on is damaged. */
export function verifyRow(table: string, stored: unknown, sum: number): void {
  if (stored !== null && stored !== sum) throw new Error(`a row of table ${table} has a wrong checksum`)
}

/** CRC-32, signed: SQLite stores it in four bytes. */
function sumOf(...fields: readonly unknown[]) {
  return crc32(fields.join('\0')) | 0
}

export function prepared(
  database: Database,
): Readonly<
  Record<'put' | 'touch' | 'emitted' | 'remove' | 'cursor' | 'collection' | 'state' | 'names', DatabaseStatement>
> {
  return {
    put: database.prepare(`
      INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (row) DO UPDATE SET collection = excluded.collection, uid = excluded.uid,
        namespace = excluded.namespace, name = excluded.name, version = excluded.version, hash = excluded.hash,
        emitted = excluded.emitted, block = excluded.block, slot = excluded.slot,
        emitted_at = coalesce(excluded.emitted_at, emitted_at),
        emitted_version = coalesce(excluded.emitted_version, emitted_version),
        since = coalesce(excluded.since, since), location_sum = excluded.location_sum,
        facts_sum = excluded.facts_sum, emission_sum = coalesce(excluded.emission_sum, emission_sum)`),
    touch: database.prepare(`
      UPDATE objects SET version = ?, hash = ?, emitted = ?, emitted_at = coalesce(?, emitted_at),
        emitted_version = coalesce(?, emitted_version), since = coalesce(?, since), facts_sum = ?,
        emission_sum = coalesce(?, emission_sum) WHERE row = ?`),
    remove: database.prepare('DELETE FROM objects WHERE row = ?'),
    emitted: database.prepare('SELECT * FROM objects WHERE row > ? AND emitted_at < ? ORDER BY row LIMIT ?'),
    cursor: database.prepare('UPDATE collections SET cursor = ?, sum = ? WHERE id = ?'),
    collection: database.prepare('INSERT INTO collections (key) VALUES (?) RETURNING id'),
    state: database.prepare('INSERT OR REPLACE INTO state VALUES (?, ?, ?)'),
    names: database.prepare('SELECT * FROM objects WHERE collection = ?'),
  }
}
