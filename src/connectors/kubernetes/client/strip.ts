/** Managed fields are half of an object, and the digest of the rest detects repeated objects. */
import { isUtf8 } from 'node:buffer'
import type { ManagedField } from '../../../model/kubernetes.ts'
import { closeDict, comma, hasEscape, isSame, openDict, openList, plain, quote, Scanner, textOf } from './scan.ts'
import type { KubeObject } from './types.ts'
import { digestOf } from '../map/digest.ts'
import type { Members } from '../map/members.ts'
import type { OwnedFields } from '../map/times.ts'

const nothing = Buffer.alloc(0)
const keptBytes = 16 * 1024

type Taken = 'uid' | 'version' | 'kind' | 'managed'
const takenPaths: readonly (readonly [path: readonly string[], taken: Taken])[] = [
  [['metadata', 'uid'], 'uid'],
  [['metadata', 'resourceVersion'], 'version'],
  [['kind'], 'kind'],
  [['metadata', 'managedFields'], 'managed'],
]

class Place {
  readonly keys: Readonly<{ bytes: Uint8Array; place: Place }>[] = []
  entries: Place | undefined
  cut = false
  taken: Taken | undefined

  at(path: readonly string[]): Place {
    const [key, ...rest] = path
    if (key === undefined) return this
    if (key === '*') return (this.entries ??= new Place()).at(rest)
    const bytes = Buffer.from(key)
    let entry = this.keys.find((candidate) => bytes.equals(candidate.bytes))
    if (entry === undefined) this.keys.push((entry = { bytes, place: new Place() }))
    return entry.place.at(rest)
  }
}

export class UnreadableObject extends Error {}

type SeenParts = Readonly<{
  uid: string | undefined
  version: string | undefined
  document: Uint8Array
  /** Input of the digest. */
  sealed: Uint8Array
  /** The managed fields as JSON. */
  managed: Uint8Array | undefined
  members: Members | undefined
}>

/** A received object, valid until the next one is read. */
export class SeenObject {
  readonly uid: string | undefined
  readonly version: string | undefined
  readonly document: Uint8Array
  /** Positions of the members in the document; undefined if unknown. */
  readonly members: Members | undefined
  readonly #sealed: Uint8Array
  readonly #managed: Uint8Array | undefined
  #object: KubeObject | undefined
  #managers: readonly ManagedField[] | undefined

  constructor({ uid, version, document, sealed, managed, members }: SeenParts) {
    this.uid = uid
    this.version = version
    // A server sends only UTF-8; otherwise this replacement text is stored.
    const isText = isUtf8(document)
    this.document = isText ? document : Buffer.from(textOf(document))
    this.members = isText ? members : undefined
    this.#sealed = sealed
    this.#managed = managed
  }

  get object(): KubeObject {
    return (this.#object ??= parsed(this.document) as KubeObject)
  }

  /** Keyed digest: equal for equal documents, and meaningless without the key. */
  get digest(): string {
    return digestOf(this.#sealed)
  }

  get owned(): readonly OwnedFields[] {
    return this.#managed?.[0] === openList ? (parsed(this.#managed) as readonly OwnedFields[]) : []
  }

  get managers(): readonly ManagedField[] {
    return (this.#managers ??=
      this.#managed?.[0] === openList ? (parsed(withoutFields.cut(this.#managed)) as readonly ManagedField[]) : [])
  }
}

/** Reads the objects of one collection. Each collection needs its own, because it holds the last object. */
export class Stripper extends Scanner {
  readonly #root = new Place()
  readonly #key: Uint8Array
  #from = 0
  #out: Buffer = nothing
  #size = 0
  #uid: string | undefined
  #version: string | undefined
  #hasKind = false
  #isAsSent = false
  #members: number[] = []
  #managed: Uint8Array | undefined

  /** `paths`: `*` is any entry of a list. `key`: of the digests. */
  constructor(paths: Iterable<readonly string[]> = [], key: Uint8Array = nothing) {
    super()
    this.#key = key
    for (const path of paths) this.#root.at(path).cut = true
    for (const [path, taken] of takenPaths) this.#root.at(path).taken = taken
  }

  /** A line of a watch: its type, and the object if there is one. Throws SyntaxError. */
  line(bytes: Uint8Array): Readonly<{ type: string; object: SeenObject | undefined }> {
    let [type, object]: [string, SeenObject | undefined] = ['', undefined]
    this.begin(bytes)
    this.members((key) => {
      if (key === 'type') type = this.text()
      else if (key === 'object' && bytes[this.at] === openDict) object = this.#seen('')
      else this.skip()
    })
    return { type, object }
  }

  page(bytes: Uint8Array): Readonly<{
    kind?: string
    apiVersion?: string
    metadata?: Readonly<{ resourceVersion?: string; continue?: string }>
    items: readonly Uint8Array[]
  }> {
    const items: Uint8Array[] = []
    const rest: Record<string, unknown> = {}
    this.begin(bytes)
    this.members((key) => {
      const from = this.at
      if (key === 'items' && bytes[from] === openList) this.entries(() => items.push(this.range()))
      else if (key === 'kind' || key === 'apiVersion' || key === 'metadata')
        rest[key] = JSON.parse(textOf(this.range()))
      else this.skip()
    })
    return { ...rest, items }
  }

  /** List items have no kind, but watch objects do, as the first member: `of` is the kind of the page. */
  item(bytes: Uint8Array, { kind = '', apiVersion }: { kind?: string; apiVersion?: string }): SeenObject {
    this.begin(bytes)
    return this.#seen(
      `{"kind":${JSON.stringify(kind.replace(/List$/, ''))},"apiVersion":${JSON.stringify(apiVersion ?? '')}`,
    )
  }

  cut(bytes: Uint8Array): Uint8Array {
    this.begin(bytes)
    return this.#copied('')
  }

  #seen(kind: string): SeenObject {
    this.#uid = this.#version = this.#managed = undefined
    this.#hasKind = false
    this.#members = []
    const document = this.#copied(kind)
    return new SeenObject({
      uid: this.#uid,
      version: this.#version,
      document,
      sealed: this.#out.subarray(0, this.#size),
      managed: this.#managed,
      members: this.#isAsSent ? this.#members : undefined,
    })
  }

  #copied(head: string): Uint8Array {
    const begin = this.at
    this.#size = this.#key.length
    this.#from = begin
    this.#room(this.#key.length)
    this.#out.set(this.#key)
    this.#value(this.#root)
    this.#flush(this.at)
    this.#isAsSent = head === '' || this.#hasKind
    if (!this.#isAsSent) this.#put(head)
    return this.#out.subarray(this.#key.length, this.#size)
  }

  #put(head: string) {
    const bytes = Buffer.from(head)
    const from = this.#key.length
    this.#room(this.#size + bytes.length)
    const empty = this.#size - from <= 2
    this.#out.copyWithin(from + bytes.length + (empty ? 0 : 1), from + 1, this.#size)
    this.#out.set(bytes, from)
    if (!empty) this.#out[from + bytes.length] = comma
    this.#size += bytes.length - (empty ? 1 : 0)
  }

  #flush(to: number) {
    const length = to - this.#from
    if (length <= 0) return
    this.#room(this.#size + length)
    this.bytes.copy(this.#out, this.#size, this.#from, to)
    this.#size += length
  }

  #room(size: number) {
    // Do not retain a megabyte for one large object.
    if (this.#out.length >= size && (size > keptBytes || this.#out.length <= 4 * keptBytes)) return
    const before = this.#out
    this.#out = Buffer.allocUnsafeSlow(Math.max(keptBytes, 2 * size))
    before.copy(this.#out, 0, 0, Math.min(this.#size, before.length))
  }

  #value(position: Place) {
    const first = this.bytes[this.at]
    if (first === openDict && position.keys.length > 0) this.#dict(position)
    else if (first === openList && position.entries !== undefined) this.#list(position.entries)
    else this.skip()
  }

  #dict(position: Place): void {
    const bytes = this.bytes
    this.at++
    this.space()
    if (bytes[this.at] === closeDict) return void this.at++
    let [kept, before] = [false, this.at]
    for (;;) {
      const begin = this.at
      const member = this.#copiedTo(begin)
      const child = this.#child(position)
      if (child === undefined) {
        this.skip()
        kept = true
      } else {
        const from = this.at
        if (child.cut) this.skip()
        else this.#value(child)
        if (child.taken !== undefined) this.#take(child.taken, from)
      }
      const end = this.at
      this.space()
      const next = bytes[this.at]
      if (child !== undefined && child.cut) {
        this.#flush(kept ? before : begin)
        this.#from = kept || next !== comma ? end : this.at + 1
      } else {
        kept = true
        if (position === this.#root) this.#members.push(member, this.#copiedTo(end))
      }
      before = this.at++
      if (next === closeDict) return
      if (next !== comma) throw this.wrong()
      this.space()
    }
  }

  #copiedTo(at: number) {
    return this.#size - this.#key.length + at - this.#from
  }

  #list(entries: Place) {
    this.entries(() => this.#value(entries))
  }

  #child({ keys }: Place): Place | undefined {
    const bytes = this.bytes
    if (bytes[this.at] !== quote) throw this.wrong()
    const from = this.at + 1
    this.string()
    const to = this.at - 1
    this.colon()
    for (const { bytes: key, place } of keys) if (key.length === to - from && isSame(bytes, from, key)) return place
    if (hasEscape(bytes, from, to)) {
      const key = Buffer.from(plain(bytes, from - 1, to + 1))
      return keys.find((candidate) => key.equals(candidate.bytes))?.place
    }
    return undefined
  }

  #take(taken: Taken, from: number) {
    const isText = this.bytes[from] === quote
    if (taken === 'managed') this.#managed = this.bytes.subarray(from, this.at)
    else if (taken === 'kind') this.#hasKind = true
    else if (taken === 'uid') this.#uid = isText ? plain(this.bytes, from, this.at) : undefined
    else this.#version = isText ? plain(this.bytes, from, this.at) : undefined
  }
}

const withoutFields = new Stripper([['*', 'fieldsV1']])

function parsed(document: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(document)) as unknown
  } catch (cause) {
    throw new UnreadableObject('an object is invalid JSON', { cause })
  }
}
