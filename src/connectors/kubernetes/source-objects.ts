/** The last known state of every object, on disk: what a change is told from, also after a restart. See ADR 0018. */
import { hash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { Database, type DatabaseStatement } from '../../host/database.ts'
import { giveBack } from '../../model/give-back.ts'
import type { ResourceType } from './client-discovery.ts'
import { nowhere, type Position } from '../../model/positions.ts'
import { KnownObjects, letGo, type Known } from './source-known.ts'

export type { Known } from './source-known.ts'

/** A collection as it is known: all objects of a resource, or those in a namespace. */
export interface Collection {
  readonly id: number
  readonly key: string
  /** Where its watch goes on; undefined: it has to be listed. */
  cursor: string | undefined
  readonly objects: KnownObjects
}

export interface Names {
  readonly namespace: string | undefined
  readonly name: string
}

/** What is known of an object at one moment: steps are written later, when more may have happened that no journal has yet. */
export type Facts = Pick<Known, 'version' | 'hash' | 'told'>

/** What is to be written down, in order. */
export type Step =
  | { readonly is: 'put'; readonly collection: Collection; readonly uid: string; readonly known: Known; readonly facts: Facts; readonly names: Names; readonly document: Buffer }
  | { readonly is: 'touch'; readonly known: Known; readonly facts: Facts }
  /** What was told of it as a resource (a ResourceData in JSON), with its digest and when, in Unix ms. */
  | { readonly is: 'word'; readonly known: Known; readonly told: string; readonly at: number; readonly word: Uint8Array }
  | { readonly is: 'remove'; readonly known: Known }
  /** `ended`: there will be nothing more, so that what was told of it stays told. */
  | { readonly is: 'cursor'; readonly collection: Collection; readonly version: string | undefined; readonly ended?: true }

/** What was told last of an object as a resource. */
export interface Word {
  readonly collection: Collection
  readonly uid: string
  readonly row: number
  readonly told: string
  readonly word: Uint8Array
}

const layout = 1
// Pieces of its result are small: most documents take less than one.
const deflate = { level: 1, memLevel: 8, chunkSize: 4096 } as const

export class ObjectMap {
  readonly #database: Database
  readonly #collections = new Map<string, Collection>()
  readonly #statements: Readonly<Record<'put' | 'document' | 'touch' | 'word' | 'words' | 'remove' | 'removeDocument' | 'removeWord' | 'cursor' | 'collection' | 'state' | 'find' | 'names', DatabaseStatement>>
  #lastRow = 0
  #position: Position = nowhere
  #begun: number | undefined

  /** Throws when the file can't be used. */
  constructor(path: string) {
    const database = new Database(path)
    this.#database = database
    database.exec(`
      CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY, key TEXT UNIQUE, cursor TEXT);
      CREATE TABLE IF NOT EXISTS objects (row INTEGER PRIMARY KEY, collection INTEGER, uid TEXT, version TEXT, hash TEXT, told TEXT, namespace TEXT, name TEXT);
      CREATE TABLE IF NOT EXISTS documents (row INTEGER PRIMARY KEY, document BLOB);
      CREATE TABLE IF NOT EXISTS words (row INTEGER PRIMARY KEY, at INTEGER, told TEXT, word BLOB);
      PRAGMA user_version = ${layout}`)
    this.#statements = {
      put: database.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
      document: database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?)'),
      touch: database.prepare('UPDATE objects SET version = ?, told = ? WHERE row = ?'),
      remove: database.prepare('DELETE FROM objects WHERE row = ?'),
      removeDocument: database.prepare('DELETE FROM documents WHERE row = ?'),
      word: database.prepare('INSERT OR REPLACE INTO words VALUES (?, ?, ?, ?)'),
      removeWord: database.prepare('DELETE FROM words WHERE row = ?'),
      words: database.prepare('SELECT o.collection, o.uid, w.row, w.told, w.word FROM words w JOIN objects o ON o.row = w.row WHERE w.row > ? AND w.at < ? ORDER BY w.row LIMIT ?'),
      cursor: database.prepare('UPDATE collections SET cursor = ? WHERE id = ?'),
      collection: database.prepare('INSERT INTO collections (key) VALUES (?) RETURNING id'),
      state: database.prepare('INSERT OR REPLACE INTO state VALUES (?, ?)'),
      find: database.prepare('SELECT document FROM documents WHERE row = ?'),
      names: database.prepare('SELECT uid, namespace, name FROM objects WHERE collection = ?'),
    }
    this.#load()
  }

  #load(): void {
    const state = new Map(this.#database.prepare('SELECT key, value FROM state').all().map(({ key, value }) => [String(key), String(value)]))
    this.#position = { sequence: Number(state.get('sequence') ?? 0), row: Number(state.get('row') ?? 0) }
    const begun = state.get('begun')
    this.#begun = begun === undefined ? undefined : Number(begun)
    const byId = new Map<number, Collection>()
    for (const { id, key, cursor } of this.#database.prepare('SELECT id, key, cursor FROM collections').all()) {
      const collection: Collection = { id: Number(id), key: String(key), cursor: cursor === null ? undefined : String(cursor), objects: new KnownObjects() }
      byId.set(collection.id, collection)
      this.#collections.set(collection.key, collection)
    }
    for (const { row, collection, uid, version, hash, told } of this.#database.prepare('SELECT row, collection, uid, version, hash, told FROM objects ORDER BY row').iterate()) {
      const known = byId.get(Number(collection))?.objects.add(String(uid), Number(row))
      if (known !== undefined) Object.assign(known, { version: String(version), hash: String(hash), told: String(told) })
      this.#lastRow = Math.max(this.#lastRow, Number(row))
    }
  }

  /** Up to where of the journal this is true. */
  get position(): Position {
    return this.#position
  }

  /** Unix ms at which the cluster was looked at first, by its own clock; undefined before that. */
  get begun(): number | undefined {
    return this.#begun
  }

  set begun(time: number) {
    this.#begun = time
    this.#statements.state.run('begun', String(time))
  }

  get size(): number {
    let size = 0
    for (const { objects } of this.#collections.values()) size += objects.size
    return size
  }

  /** Those that there ever were. */
  collections(): Iterable<Collection> {
    return this.#collections.values()
  }

  collection(key: string): Collection {
    let collection = this.#collections.get(key)
    if (collection === undefined) {
      const id = Number(this.#statements.collection.get(key)?.['id'])
      this.#collections.set(key, (collection = { id, key, cursor: undefined, objects: new KnownObjects() }))
    }
    return collection
  }

  /** A new object of a collection, not yet written. */
  add(collection: Collection, uid: string): Known {
    return collection.objects.add(uid, ++this.#lastRow)
  }

  /** The document of an object as it was told last; undefined when it is lost. */
  document(known: Known): string | undefined {
    if (known.document !== undefined) return inflateRawSync(known.document).toString('utf8')
    const found = this.#statements.find.get(known.row)?.['document']
    return found instanceof Uint8Array ? inflateRawSync(found).toString('utf8') : undefined
  }

  /** Names of a collection's objects that are on disk, with their uids. */
  *names(collection: Collection): Generator<Names & { readonly uid: string }> {
    for (const { uid, namespace, name } of this.#statements.names.iterate(collection.id)) {
      yield { uid: String(uid), namespace: namespace === null ? undefined : String(namespace), name: String(name) }
    }
  }

  /** Words that were told before a time, in Unix ms, of rows behind `after`, in their order. */
  words(before: number, after: number, most: number): Word[] {
    const byId = new Map([...this.#collections.values()].map((collection) => [collection.id, collection]))
    return this.#statements.words.all(after, before, most).flatMap(({ collection: id, uid, row, told, word }) => {
      const collection = byId.get(Number(id))
      return collection === undefined || !(word instanceof Uint8Array) ? [] : [{ collection, uid: String(uid), row: Number(row), told: String(told), word }]
    })
  }

  /** Writes everything down at once, with the position that it is true at; it is on disk when this returns. */
  commit(steps: readonly Step[], position: Position | undefined): void {
    const { put, document, touch, word, remove, removeDocument, removeWord, cursor, state } = this.#statements
    this.#database.transaction(() => {
      for (const step of steps) {
        if (step.is === 'put') {
          const { collection, uid, known, facts: { version, hash, told }, names } = step
          put.run(known.row, collection.id, uid, version, hash, told, names.namespace ?? null, names.name)
          document.run(known.row, step.document)
        } else if (step.is === 'touch') {
          touch.run(step.facts.version, step.facts.told, step.known.row)
        } else if (step.is === 'word') {
          word.run(step.known.row, step.at, step.told, step.word)
        } else if (step.is === 'remove') {
          for (const statement of [remove, removeDocument, removeWord]) statement.run(step.known.row)
        } else {
          cursor.run(step.version ?? null, step.collection.id)
        }
      }
      if (position !== undefined) {
        state.run('sequence', String(position.sequence))
        state.run('row', String(position.row))
      }
    })
    if (position !== undefined) this.#position = position
    for (const step of steps) {
      if (step.is === 'word') giveBack(step.word)
      if (step.is === 'remove') letGo(step.known)
      if (step.is !== 'put') continue
      if (step.known.document === step.document) step.known.document = undefined
      giveBack(step.document)
    }
  }

  close(): void {
    this.#database.close()
  }
}

/**
 * Versions compare within a kind as numbers do (which Kubernetes promises since 1.35, and has always kept). Undefined: there is
 * none, or it is no number.
 */
export function numberOf(version: string | undefined): bigint | undefined {
  return version !== undefined && /^\d+$/.test(version) ? BigInt(version) : undefined
}

/** What a collection is of, as its objects say; undefined: there is none whose document is there. */
export function typeOf(map: ObjectMap, { key, objects }: Collection): ResourceType | undefined {
  const [place = '', namespace] = key.split(' ')
  for (const known of objects.values()) {
    const text = map.document(known)
    if (text === undefined || text === '') continue
    const { apiVersion = '', kind = '' } = JSON.parse(text) as { apiVersion?: string; kind?: string }
    const slash = place.lastIndexOf('/')
    return { group: place.slice(0, slash), resource: place.slice(slash + 1), version: apiVersion.slice(apiVersion.indexOf('/') + 1), kind, namespaced: namespace !== undefined }
  }
  return undefined
}

/** As it is now. */
export function factsOf({ version, hash, told }: Known): Facts {
  return { version, hash, told }
}

let room = Buffer.allocUnsafeSlow(64 * 1024)

/** A document as it is kept: small, in a buffer of its own, which {@link ObjectMap.commit} gives back. */
export function packed(text: string): Buffer {
  // Written where the one before was: a cluster is listed faster than memory is collected.
  if (room.length < text.length * 3) room = Buffer.allocUnsafeSlow(text.length * 3)
  const small = deflateRawSync(room.subarray(0, room.write(text)), deflate)
  const document = Buffer.allocUnsafeSlow(small.length)
  small.copy(document)
  return document
}

/** Tells two documents apart. Nobody can choose one that looks like another: both are his own object. */
export function digestOf(text: string): string {
  return hash('md5', text, 'base64url')
}
