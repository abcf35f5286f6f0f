/** Tables of the object map. SQLite verifies no fields, so each row has its own checksums. See ADR 0018. */
import { crc32 } from 'node:zlib'
import type { Database, DatabaseStatement } from '../../host/database.ts'

const layout = 3
/** Rows of this layout have no checksums until they are written again. */
const withoutSums = 2

export type StoredRow = ReturnType<DatabaseStatement['all']>[number]

/** A checksum per group of columns that is written together. NULL: written by an earlier version. */
const sums = ['place_sum', 'facts_sum', 'word_sum'] as const

/** Creates the tables. Throws for another layout or a damaged table structure. */
export function openTables(database: Database): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (found !== 0 && found !== withoutSums && found !== layout)
    throw new Error(`it has layout ${found}, this version of Weir reads layout ${layout}`)
  database.transaction(() => {
    database.exec(`
      CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT${found === withoutSums ? '' : ', sum INTEGER'}) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY, key TEXT UNIQUE, cursor TEXT${found === withoutSums ? '' : ', sum INTEGER'});
      CREATE TABLE IF NOT EXISTS objects (row INTEGER PRIMARY KEY, collection INTEGER, uid TEXT, version TEXT, hash TEXT, told TEXT, namespace TEXT, name TEXT,
        block INTEGER, place INTEGER, told_at INTEGER, told_version TEXT, since TEXT${found === withoutSums ? '' : sums.map((sum) => `, ${sum} INTEGER`).join('')})`)
    if (found === withoutSums) {
      for (const table of ['state', 'collections']) database.exec(`ALTER TABLE ${table} ADD COLUMN sum INTEGER`)
      for (const sum of sums) database.exec(`ALTER TABLE objects ADD COLUMN ${sum} INTEGER`)
    }
    if (found !== layout) database.exec(`PRAGMA user_version = ${layout}`)
  })
  // A damaged page may hide rows. Pages of documents are not read: their blocks have checksums.
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

export interface Place {
  readonly row: number
  readonly collection: number
  readonly uid: string
  readonly namespace: string | null
  readonly name: string
  readonly block: number
  readonly place: number
}

export function placeSum({ row, collection, uid, namespace, name, block, place }: Place): number {
  return sumOf(row, collection, uid, namespace, name, block, place)
}

export function factsSum(
  row: number,
  { version, hash, emitted }: { readonly version: string; readonly hash: string; readonly emitted: string },
): number {
  return sumOf(row, version, hash, emitted)
}

export function wordSum(
  row: number,
  word: { readonly at: number; readonly version: string; readonly since: string } | undefined,
): number | null {
  return word === undefined ? null : sumOf(row, word.at, word.version, word.since)
}

/** The cursor of a collection that was never listed is null. */
export function collectionSum(id: number, key: string, cursor: string | null): number {
  return sumOf(id, key, cursor === null ? 'never' : `at ${cursor}`)
}

export function stateSum(key: string, value: string): number {
  return sumOf(key, value)
}

/** The damaged part of a row of `objects`; 'place': it may belong to another collection. */
export function damageOf({
  row,
  collection,
  uid,
  version,
  hash,
  told: emitted,
  namespace,
  name,
  block,
  place,
  told_at: at,
  told_version: word,
  since,
  place_sum: ofPlace,
  facts_sum: ofFacts,
  word_sum: ofWord,
}: StoredRow): 'place' | 'facts' | undefined {
  if (ofPlace !== null && ofPlace !== sumOf(row, collection, uid, namespace, name, block, place)) return 'place'
  if (ofFacts !== null && ofFacts !== sumOf(row, version, hash, emitted)) return 'facts'
  return ofWord !== null && ofWord !== sumOf(row, at, word, since) ? 'facts' : undefined
}

/** Throws if a row that the whole map depends on is damaged. */
export function verifyRow(table: string, stored: unknown, sum: number): void {
  if (stored !== null && stored !== sum) throw new Error(`a row of table ${table} has a wrong checksum`)
}

/** CRC-32 of the fields, signed: SQLite stores it in four bytes. */
function sumOf(...fields: readonly unknown[]): number {
  return crc32(fields.join('\0')) | 0
}

export function prepared(
  database: Database,
): Readonly<
  Record<'put' | 'touch' | 'emitted' | 'remove' | 'cursor' | 'collection' | 'state' | 'names', DatabaseStatement>
> {
  return {
    put: database.prepare(`INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (row) DO UPDATE SET collection = excluded.collection, uid = excluded.uid, namespace = excluded.namespace, name = excluded.name, version = excluded.version, hash = excluded.hash, told = excluded.told,
      block = excluded.block, place = excluded.place, told_at = coalesce(excluded.told_at, told_at), told_version = coalesce(excluded.told_version, told_version), since = coalesce(excluded.since, since),
      place_sum = excluded.place_sum, facts_sum = excluded.facts_sum, word_sum = coalesce(excluded.word_sum, word_sum)`),
    touch:
      database.prepare(`UPDATE objects SET version = ?, hash = ?, told = ?, told_at = coalesce(?, told_at), told_version = coalesce(?, told_version), since = coalesce(?, since),
      facts_sum = ?, word_sum = coalesce(?, word_sum) WHERE row = ?`),
    remove: database.prepare('DELETE FROM objects WHERE row = ?'),
    emitted: database.prepare('SELECT * FROM objects WHERE row > ? AND told_at < ? ORDER BY row LIMIT ?'),
    cursor: database.prepare('UPDATE collections SET cursor = ?, sum = ? WHERE id = ?'),
    collection: database.prepare('INSERT INTO collections (key) VALUES (?) RETURNING id'),
    state: database.prepare('INSERT OR REPLACE INTO state VALUES (?, ?, ?)'),
    names: database.prepare('SELECT * FROM objects WHERE collection = ?'),
  }
}
