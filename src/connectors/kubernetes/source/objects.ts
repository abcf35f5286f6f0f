/** The last known state of every object, on disk. See ADR 0018. */
import { Database } from '../../../host/database.ts'
import { nowhere, type Position } from '../../../model/positions.ts'
import { Blocks } from './blocks.ts'
import { DocumentBuffers } from './buffers.ts'
import { KnownObjects, release, type Known } from './known.ts'
import {
  collectionSum,
  damageOf,
  factsSum,
  openTables,
  locationSum,
  prepared,
  stateOf,
  stateSum,
  verifyRow,
  emissionSum,
} from './rows.ts'
import type { Collection, EmittedObject, Names, Step } from './steps.ts'

/** Stored cursor of a collection to list again; null: never listed. */
const toList = ''

export class ObjectMap {
  readonly #database: Database
  readonly #collections = new Map<string, Collection>()
  readonly #statements: ReturnType<typeof prepared>
  readonly #blocks: Blocks
  readonly #buffers = new DocumentBuffers()
  #lastRow = 0
  #position: Position = nowhere
  #begun: number | undefined
  damaged = 0

  constructor(path: string) {
    const database = new Database(path)
    this.#database = database
    try {
      openTables(database)
      this.#statements = prepared(database)
      this.#blocks = new Blocks(database)
      this.#load()
    } catch (error) {
      database.close()
      throw error
    }
  }

  #load() {
    const state = stateOf(this.#database)
    this.#position = { sequence: Number(state.get('sequence') ?? 0), row: Number(state.get('row') ?? 0) }
    this.#begun = state.has('begun') ? Number(state.get('begun')) : undefined
    const byId = new Map<number, Collection>()
    for (const { id, key, cursor: stored, sum } of this.#database.prepare('SELECT * FROM collections').all()) {
      const cursor = stored === null ? null : String(stored)
      verifyRow('collections', sum, collectionSum(Number(id), String(key), cursor))
      const collection: Collection = {
        id: Number(id),
        key: String(key),
        cursor: cursor === null || cursor === toList ? undefined : cursor,
        whole: cursor !== null,
        kept: cursor !== null && cursor !== toList,
        objects: new KnownObjects(),
      }
      byId.set(collection.id, collection)
      this.#collections.set(collection.key, collection)
    }
    const damaged: number[] = []
    const toListAgain = new Set<Collection>()
    for (const stored of this.#database.prepare('SELECT * FROM objects ORDER BY row').iterate()) {
      const { row, collection: id, uid, version, hash, emitted, block, slot } = stored
      this.#lastRow = Math.max(this.#lastRow, Number(row))
      const collection = byId.get(Number(id))
      const damage = damageOf(stored)
      if (damage !== undefined) {
        damaged.push(Number(row))
        for (const one of damage === 'location' || collection === undefined ? byId.values() : [collection])
          toListAgain.add(one)
      }
      if (damage !== undefined || collection === undefined) continue
      const known = collection.objects.add(String(uid), Number(row))
      known.version = String(version)
      known.hash = String(hash)
      known.emitted = String(emitted)
      known.moved(Number(block), Number(slot))
      if (block !== 0) this.#blocks.retain(Number(block))
    }
    this.#blocks.loaded(
      this.#database
        .prepare('SELECT id FROM blocks')
        .all()
        .map(({ id }) => Number(id)),
    )
    if (damaged.length > 0) this.#forget(damaged, toListAgain)
  }

  #forget(rows: readonly number[], collections: Iterable<Collection>) {
    const { remove, cursor } = this.#statements
    this.#database.transaction(() => {
      for (const row of rows) remove.run(row)
      for (const collection of collections) {
        cursor.run(null, collectionSum(collection.id, collection.key, null), collection.id)
        collection.cursor = undefined
        collection.whole = collection.kept = false
      }
    })
    this.damaged = rows.length
  }

  get position(): Position {
    return this.#position
  }

  get begun(): number | undefined {
    return this.#begun
  }

  set begun(time: number) {
    this.#begun = time
    this.#write('begun', String(time))
  }

  #write(key: string, value: string) {
    this.#statements.state.run(key, value, stateSum(key, value))
  }

  get size(): number {
    let size = 0
    for (const { objects } of this.#collections.values()) size += objects.size
    return size
  }

  collections(): Iterable<Collection> {
    return this.#collections.values()
  }

  collection(key: string): Collection {
    let collection = this.#collections.get(key)
    if (collection === undefined) {
      const id = Number(this.#statements.collection.get(key)?.['id'])
      this.#collections.set(
        key,
        (collection = { id, key, cursor: undefined, whole: false, kept: false, objects: new KnownObjects() }),
      )
    }
    return collection
  }

  add(collection: Collection, uid: string): Known {
    return collection.objects.add(uid, ++this.#lastRow)
  }

  /** A copy of a document, valid until its step is committed. */
  keep(document: Uint8Array): Uint8Array {
    return this.#buffers.copy(document)
  }

  /** The last document of an object, as JSON; undefined if it has none or it is lost. Valid until the next call. */
  document(known: Known): Buffer | undefined {
    const bytes = known.document ?? (known.block === 0 ? undefined : this.#blocks.find(known))
    return bytes === undefined || bytes.length === 0
      ? undefined
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  stored(known: Known): Buffer | undefined {
    const bytes = known.block === 0 ? undefined : this.#blocks.find(known)
    return bytes === undefined || bytes.length === 0
      ? undefined
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  *names(collection: Collection): Generator<Names & { readonly uid: string }> {
    for (const stored of this.#statements.names.iterate(collection.id)) {
      const { uid, namespace, name } = stored
      if (damageOf(stored) === undefined)
        yield { uid: String(uid), namespace: namespace === null ? undefined : String(namespace), name: String(name) }
    }
  }

  emittedBefore(before: number, after: number, limit: number): EmittedObject[] {
    const byId = new Map([...this.#collections.values()].map((collection) => [collection.id, collection]))
    return this.#statements.emitted.all(after, before, limit).flatMap((stored) => {
      const { collection: id, uid, row, emitted, emitted_at: at, emitted_version: version, since } = stored
      const collection = byId.get(Number(id))
      return collection === undefined || damageOf(stored) !== undefined
        ? []
        : [
            {
              collection,
              uid: String(uid),
              row: Number(row),
              emitted: String(emitted),
              at: Number(at),
              version: String(version),
              since: String(since),
            },
          ]
    })
  }

  /** Writes all steps and their position in one transaction; on disk when this returns. */
  commit(steps: readonly Step[], position: Position | undefined): void {
    const { put, touch, remove, cursor } = this.#statements
    const moves: Readonly<{ known: Known; block: number; slot: number }>[] = []
    this.#database.transaction(() => {
      this.#blocks.begin()
      for (const step of steps) {
        if (step.is === 'put') {
          const {
            collection,
            uid,
            known,
            facts: { version, hash, emitted },
            names,
            document,
            emission,
          } = step
          const { block, slot } = document.length === 0 ? noSlot : this.#blocks.add(document)
          put.run(
            known.row,
            collection.id,
            uid,
            version,
            hash,
            emitted,
            names.namespace ?? null,
            names.name,
            block,
            slot,
            emission?.at ?? null,
            emission?.version ?? null,
            emission?.since ?? null,
            locationSum({
              row: known.row,
              collection: collection.id,
              uid,
              namespace: names.namespace ?? null,
              name: names.name,
              block,
              slot,
            }),
            factsSum(known.row, step.facts),
            emissionSum(known.row, emission),
          )
          moves.push({ known, block, slot })
        } else if (step.is === 'touch') {
          const {
            facts: { version, hash, emitted },
            known,
            emission,
          } = step
          touch.run(
            version,
            hash,
            emitted,
            emission?.at ?? null,
            emission?.version ?? null,
            emission?.since ?? null,
            factsSum(known.row, step.facts),
            emissionSum(known.row, emission),
            known.row,
          )
        } else if (step.is === 'remove') {
          remove.run(step.known.row)
          moves.push({ known: step.known, ...noSlot })
        } else {
          const {
            collection: { id, key },
            version = step.ended === true ? null : toList,
          } = step
          cursor.run(version, collectionSum(id, key, version), id)
        }
      }
      this.#blocks.end()
      if (position !== undefined) {
        this.#write('sequence', String(position.sequence))
        this.#write('row', String(position.row))
      }
    })
    if (position !== undefined) this.#position = position
    this.#blocks.succeeded(
      moves.map(({ known, block, slot }) => {
        const from = known.block
        known.moved(block, slot)
        return { from, to: block }
      }),
    )
    for (const step of steps) {
      if (step.is === 'remove') release(step.known)
      if (step.is === 'cursor') step.collection.kept = step.version !== undefined
      if (step.is !== 'put') continue
      if (step.known.document === step.document) step.known.document = undefined
      this.#buffers.release(step.document)
    }
  }

  copyTo(path: string): void {
    this.#database.prepare('VACUUM INTO ?').run(path)
  }

  close(): void {
    this.#database.close()
  }
}

const noSlot = { block: 0, slot: 0 }
