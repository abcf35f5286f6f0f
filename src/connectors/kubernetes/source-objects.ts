/** The last known state of every object, on disk: what a change is told from, also after a restart. See ADR 0018. */
import { Database, type DatabaseStatement } from '../../host/database.ts'
import { giveBack } from '../../model/give-back.ts'
import type { ResourceType } from './client-discovery.ts'
import type { KubeObject } from './client-types.ts'
import { nowhere, type Position } from '../../model/positions.ts'
import { Blocks } from './source-blocks.ts'
import { KnownObjects, letGo, type Known } from './source-known.ts'

export type { Known } from './source-known.ts'

/** A collection as it is known: all objects of a resource, or those in a namespace. */
export interface Collection {
  readonly id: number
  readonly key: string
  /** Where its watch goes on; undefined: it has to be listed. */
  cursor: string | undefined
  /** It has been listed to the end before: what another list has more is new. */
  whole: boolean
  /** A cursor is on disk: after a crash the watch goes on from there. */
  kept: boolean
  readonly objects: KnownObjects
}

export interface Names {
  readonly namespace: string | undefined
  readonly name: string
}

/** What is known of an object at one moment: steps are written later, when more may have happened that no journal has yet. */
export type Facts = Pick<Known, 'version' | 'hash' | 'told'>

/** When an object was told of last as a resource (Unix ms), in which version, and since when it has been what was told. */
export interface Word {
  readonly at: number
  readonly version: string
  readonly since: string
}

/** What is to be written down, in order. */
export type Step =
  /** `document`: of {@link ObjectMap.keep}; empty: none is kept. */
  | { readonly is: 'put'; readonly collection: Collection; readonly uid: string; readonly known: Known; readonly facts: Facts; readonly names: Names; readonly document: Uint8Array; readonly word?: Word }
  | { readonly is: 'touch'; readonly known: Known; readonly facts: Facts; readonly word?: Word }
  | { readonly is: 'remove'; readonly known: Known }
  /** Without a version it is to be listed anew. `ended`: there will be nothing more, so that what was told of it stays told. `listed`: all of a list is written with this. */
  | { readonly is: 'cursor'; readonly collection: Collection; readonly version: string | undefined; readonly ended?: true; readonly listed?: true }

/** An object that was told of as a resource. */
export interface Told extends Word {
  readonly collection: Collection
  readonly uid: string
  readonly row: number
  /** Digest of what was told. */
  readonly told: string
}

const layout = 2
/** The cursor on disk of a collection that was listed before and has to be listed anew; of one that never was it is null. */
const toList = ''
/** Room for most documents. No buffer of Node's own has this size. */
const roomBytes = 7168
const mostRoom = 384

export class ObjectMap {
  readonly #database: Database
  readonly #collections = new Map<string, Collection>()
  readonly #statements: Readonly<Record<'put' | 'touch' | 'told' | 'remove' | 'cursor' | 'collection' | 'state' | 'names', DatabaseStatement>>
  readonly #blocks: Blocks
  /** Room for documents, of {@link roomBytes} each. */
  readonly #room: Uint8Array[] = []
  #lastRow = 0
  #position: Position = nowhere
  #begun: number | undefined

  /** Throws when the file can't be used. */
  constructor(path: string) {
    const database = new Database(path)
    this.#database = database
    const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (found !== 0 && found !== layout) {
      database.close()
      throw new Error(`it has layout ${found}, this version of Weir reads layout ${layout}`)
    }
    database.exec(`
      CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY, key TEXT UNIQUE, cursor TEXT);
      CREATE TABLE IF NOT EXISTS objects (row INTEGER PRIMARY KEY, collection INTEGER, uid TEXT, version TEXT, hash TEXT, told TEXT, namespace TEXT, name TEXT,
        block INTEGER, place INTEGER, told_at INTEGER, told_version TEXT, since TEXT);
      PRAGMA user_version = ${layout}`)
    this.#statements = {
      put: database.prepare(`INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (row) DO UPDATE SET version = excluded.version, hash = excluded.hash, told = excluded.told,
        block = excluded.block, place = excluded.place, told_at = coalesce(excluded.told_at, told_at), told_version = coalesce(excluded.told_version, told_version), since = coalesce(excluded.since, since)`),
      touch: database.prepare('UPDATE objects SET version = ?, hash = ?, told = ?, told_at = coalesce(?, told_at), told_version = coalesce(?, told_version), since = coalesce(?, since) WHERE row = ?'),
      remove: database.prepare('DELETE FROM objects WHERE row = ?'),
      told: database.prepare('SELECT collection, uid, row, told, told_at, told_version, since FROM objects WHERE row > ? AND told_at < ? ORDER BY row LIMIT ?'),
      cursor: database.prepare('UPDATE collections SET cursor = ? WHERE id = ?'),
      collection: database.prepare('INSERT INTO collections (key) VALUES (?) RETURNING id'),
      state: database.prepare('INSERT OR REPLACE INTO state VALUES (?, ?)'),
      names: database.prepare('SELECT uid, namespace, name FROM objects WHERE collection = ?'),
    }
    this.#blocks = new Blocks(database)
    this.#load()
  }

  #load(): void {
    const state = new Map(this.#database.prepare('SELECT key, value FROM state').all().map(({ key, value }) => [String(key), String(value)]))
    this.#position = { sequence: Number(state.get('sequence') ?? 0), row: Number(state.get('row') ?? 0) }
    const begun = state.get('begun')
    this.#begun = begun === undefined ? undefined : Number(begun)
    const byId = new Map<number, Collection>()
    for (const { id, key, cursor } of this.#database.prepare('SELECT id, key, cursor FROM collections').all()) {
      const collection: Collection = { id: Number(id), key: String(key), cursor: cursor === null || cursor === toList ? undefined : String(cursor), whole: cursor !== null, kept: cursor !== null && cursor !== toList, objects: new KnownObjects() }
      byId.set(collection.id, collection)
      this.#collections.set(collection.key, collection)
    }
    for (const { row, collection, uid, version, hash, told, block, place } of this.#database.prepare('SELECT row, collection, uid, version, hash, told, block, place FROM objects ORDER BY row').iterate()) {
      const known = byId.get(Number(collection))?.objects.add(String(uid), Number(row))
      this.#lastRow = Math.max(this.#lastRow, Number(row))
      if (known === undefined) continue
      known.version = String(version)
      known.hash = String(hash)
      known.told = String(told)
      known.moved(Number(block), Number(place))
      if (block !== 0) this.#blocks.held(Number(block))
    }
    this.#blocks.loaded(this.#database.prepare('SELECT id FROM blocks').all().map(({ id }) => Number(id)))
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
      this.#collections.set(key, (collection = { id, key, cursor: undefined, whole: false, kept: false, objects: new KnownObjects() }))
    }
    return collection
  }

  /** A new object of a collection, not yet written. */
  add(collection: Collection, uid: string): Known {
    return collection.objects.add(uid, ++this.#lastRow)
  }

  /** A copy of a document, which is good until the step that puts it is committed. */
  keep(document: Uint8Array): Uint8Array {
    // Memory of those that were committed, mostly: to ask for it and give it back again takes as long as all else that is done with them.
    const found = document.length > roomBytes ? undefined : this.#room.pop()
    const all = found === undefined ? Buffer.allocUnsafeSlow(Math.max(roomBytes, document.length)) : Buffer.from(found.buffer)
    all.set(document)
    return all.subarray(0, document.length)
  }

  /** The document of an object as it was seen last, as JSON; undefined when it has none or it is lost. It is good until the next is asked for. */
  document(known: Known): Buffer | undefined {
    const found = known.document ?? (known.block === 0 ? undefined : this.#blocks.find(known))
    return found === undefined || found.length === 0 ? undefined : Buffer.from(found.buffer, found.byteOffset, found.length)
  }

  /** The document of an object as the last commit wrote it, also while a newer one waits; as good as that of {@link document}. */
  stored(known: Known): Buffer | undefined {
    const found = known.block === 0 ? undefined : this.#blocks.find(known)
    return found === undefined || found.length === 0 ? undefined : Buffer.from(found.buffer, found.byteOffset, found.length)
  }

  /** Names of a collection's objects that are on disk, with their uids. */
  *names(collection: Collection): Generator<Names & { readonly uid: string }> {
    for (const { uid, namespace, name } of this.#statements.names.iterate(collection.id)) {
      yield { uid: String(uid), namespace: namespace === null ? undefined : String(namespace), name: String(name) }
    }
  }

  /** Objects that were told of last before a time, in Unix ms, of rows behind `after`, in their order. */
  toldBefore(before: number, after: number, most: number): Told[] {
    const byId = new Map([...this.#collections.values()].map((collection) => [collection.id, collection]))
    return this.#statements.told.all(after, before, most).flatMap(({ collection: id, uid, row, told, told_at: at, told_version: version, since }) => {
      const collection = byId.get(Number(id))
      return collection === undefined ? [] : [{ collection, uid: String(uid), row: Number(row), told: String(told), at: Number(at), version: String(version), since: String(since) }]
    })
  }

  /** Writes everything down at once, with the position that it is true at; it is on disk when this returns. */
  commit(steps: readonly Step[], position: Position | undefined): void {
    const { put, touch, remove, cursor, state } = this.#statements
    const moves: { readonly known: Known; readonly block: number; readonly place: number }[] = []
    this.#database.transaction(() => {
      this.#blocks.begin()
      for (const step of steps) {
        if (step.is === 'put') {
          const { collection, uid, known, facts: { version, hash, told }, names, document, word } = step
          const { block, place } = document.length === 0 ? nowhereOnDisk : this.#blocks.add(document)
          put.run(known.row, collection.id, uid, version, hash, told, names.namespace ?? null, names.name, block, place, word?.at ?? null, word?.version ?? null, word?.since ?? null)
          moves.push({ known, block, place })
        } else if (step.is === 'touch') {
          const { facts: { version, hash, told }, known, word } = step
          touch.run(version, hash, told, word?.at ?? null, word?.version ?? null, word?.since ?? null, known.row)
        } else if (step.is === 'remove') {
          remove.run(step.known.row)
          moves.push({ known: step.known, ...nowhereOnDisk })
        } else {
          cursor.run(step.version ?? (step.ended === true ? null : toList), step.collection.id)
        }
      }
      this.#blocks.end()
      if (position !== undefined) {
        state.run('sequence', String(position.sequence))
        state.run('row', String(position.row))
      }
    })
    if (position !== undefined) this.#position = position
    this.#blocks.succeeded(moves.map(({ known, block, place }) => {
      const from = known.block
      known.moved(block, place)
      return { from, to: block }
    }))
    for (const step of steps) {
      if (step.is === 'remove') letGo(step.known)
      if (step.is === 'cursor') step.collection.kept = step.version !== undefined
      if (step.is !== 'put') continue
      if (step.known.document === step.document) step.known.document = undefined
      if (step.document.buffer.byteLength === roomBytes && this.#room.length < mostRoom) this.#room.push(step.document)
      else giveBack(step.document)
    }
  }

  /** All of it as a file of its own, which must not be there yet: what was committed last, with its position. */
  copyTo(path: string): void {
    this.#database.prepare('VACUUM INTO ?').run(path)
  }

  close(): void {
    this.#database.close()
  }
}

const nowhereOnDisk = { block: 0, place: 0 }

/**
 * Versions compare within a kind as numbers do (which Kubernetes promises since 1.35, and has always kept). Undefined: there is
 * none, or it is no number.
 */
export function numberOf(version: string | undefined): bigint | undefined {
  return version !== undefined && /^\d+$/.test(version) ? BigInt(version) : undefined
}

/** Was this told by who has told up to there? */
export function covers(told: string | undefined, version: string | undefined): boolean {
  if (version === undefined || told === version) return true
  const [there, here] = [numberOf(told), numberOf(version)]
  return there !== undefined && here !== undefined && here <= there
}

/** What a collection is of, as its objects say; undefined: there is none whose document is there. */
export function typeOf(map: ObjectMap, collection: Collection): ResourceType | undefined {
  for (const known of collection.objects.values()) {
    const document = map.document(known)
    if (document !== undefined) return typeAs(collection, JSON.parse(document.toString()) as KubeObject)
  }
  return undefined
}

/** What a collection is of, as an object of it says. */
export function typeAs({ key }: Collection, { apiVersion = '', kind = '' }: KubeObject): ResourceType {
  const [place = '', namespace] = key.split(' ')
  const slash = place.lastIndexOf('/')
  return { group: place.slice(0, slash), resource: place.slice(slash + 1), version: apiVersion.slice(apiVersion.indexOf('/') + 1), kind, namespaced: namespace !== undefined }
}

/** As it is now. */
export function factsOf({ version, hash, told }: Known): Facts {
  return { version, hash, told }
}
