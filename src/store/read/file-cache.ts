/** Cached rows are valid while a version names their file. Files of the newest hour are soon merged and not cached. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Stream } from '../names.ts'
import type { CachedInsightRows } from '../insights/rows.ts'
import type { StoredFile } from '../record.ts'
import type { Pin } from '../versions.ts'

export type CacheKind<Content extends { readonly bytes: number }> = Readonly<{
  stream: Stream
  fits: (file: StoredFile) => boolean
  /** Rows have the index of their file. */
  read: (connection: DuckDBConnection, files: readonly StoredFile[]) => Promise<Content>
  drop: (connection: DuckDBConnection, content: Content) => Promise<void>
}>

export const cachePrefix = 'kept_'

export type CachedRows = Readonly<{
  names: ReadonlySet<string>
  /** SQL of exactly the rows of the requested files; undefined if there are none. */
  sql: string | undefined
}>

/** Database of tables that are derived from all rows of a family. */
export type CachedTables = Readonly<{ database: string }>

export type CachedViews = Readonly<{
  traces?: CachedRows
  traffic?: CachedRows
  insights?: CachedInsightRows
  spend?: CachedTables
  inventory?: CachedTables
}>

export type CacheLease<Content> = Readonly<{
  names: ReadonlySet<string>
  parts: readonly Readonly<{
    content: Content
    without: ReadonlySet<number>
  }>[]
  release: () => void
}>

interface Part<Content> {
  readonly content: Content
  readonly files: readonly StoredFile[]
  readonly rows: number
  requested: number
  readers: number
}

type PendingLoad = Readonly<{
  pin: Pin
  lastUsedBy: readonly StoredFile[]
  query: number
}>

/** Rows that take some 40 MB before compression. */
const rowsPerLoad = 131_072
/** More parts below half of `rowsPerLoad` are joined. */
const maxSmallParts = 8
const initialRowBytes = 64

const rowsOfAll = (parts: readonly { readonly rows: number }[]) => parts.reduce((sum, { rows }) => sum + rows, 0)

export type FileCacheOptions<Content extends { readonly bytes: number }> = Readonly<{
  kind: CacheKind<Content>
  instance: DuckDBInstance
  maxBytes: number
  verify: (files: readonly StoredFile[]) => Promise<boolean>
  call: <Value>(work: () => Promise<Value>) => Promise<Value>
}>

export class FileCache<Content extends { readonly bytes: number }> {
  readonly #options: FileCacheOptions<Content>
  readonly #parts = new Set<Part<Content>>()
  readonly #refused = new Set<string>()
  #queries = 0
  #bytesOfRow = initialRowBytes
  #pendingLoad: PendingLoad | undefined
  #loading: Promise<void> | undefined
  #closed = false

  constructor(options: FileCacheOptions<Content>) {
    this.#options = options
  }

  hold(pin: Pin, requested: readonly StoredFile[]): CacheLease<Content> {
    const { stream, fits } = this.#options.kind
    const newest = pin.files.reduce(
      (hour, file) => (file.stream === stream ? Math.max(hour, file.hour) : hour),
      -Infinity,
    )
    const cacheableFiles = requested.filter(
      (file) => file.stream === stream && file.hour < newest && fits(file) && !this.#refused.has(file.name),
    )
    const query = ++this.#queries
    const uncachedNames = new Set(cacheableFiles.map(({ name }) => name))
    for (const part of this.#parts)
      if (part.files.filter(({ name }) => uncachedNames.delete(name)).length > 0) part.requested = query
    if (uncachedNames.size > 0 && this.#options.maxBytes > 0)
      this.#pendingLoad ??= { pin: pin.again(), lastUsedBy: cacheableFiles, query }
    return this.#holding(new Set(pin.files.map(({ name }) => name)))
  }

  #holding(version: ReadonlySet<string>): CacheLease<Content> {
    const names = new Set<string>()
    const heldParts: Part<Content>[] = []
    const parts: CacheLease<Content>['parts'][number][] = []
    for (const part of this.#parts) {
      const missingFiles = new Set(part.files.flatMap(({ name }, number) => (version.has(name) ? [] : [number])))
      if (missingFiles.size === part.files.length) continue
      for (const { name } of part.files) if (version.has(name)) names.add(name)
      part.readers++
      heldParts.push(part)
      parts.push({ content: part.content, without: missingFiles })
    }
    return {
      names,
      parts,
      release: () => {
        for (const part of heldParts.splice(0)) part.readers--
        this.#begin()
      },
    }
  }

  #begin() {
    if (this.#pendingLoad === undefined || this.#loading !== undefined) return
    const load = this.#pendingLoad
    this.#pendingLoad = undefined
    const releasePin = (): Promise<void> => load.pin.release().catch(() => undefined)
    this.#loading = this.#load(load)
      .then(releasePin, releasePin)
      .finally(() => (this.#loading = undefined))
  }

  async idle(): Promise<void> {
    await this.#loading
  }

  async #load({ pin, lastUsedBy: requested, query }: PendingLoad) {
    const { instance, maxBytes, call } = this.#options
    const connection = await instance.connect()
    try {
      const evictedFiles = await call(() => this.#tidy(connection, new Set(pin.files.map(({ name }) => name))))
      const names = new Set([...this.#parts].flatMap(({ files }) => files.map(({ name }) => name)))
      const filesToLoad = [...new Set([...requested, ...evictedFiles])]
        .filter(({ name }) => !names.has(name))
        .toSorted((a, b) => b.hour - a.hour || b.firstSequence - a.firstSequence)
      await call(() => this.#forget(connection, rowsOfAll(filesToLoad), query))
      while (filesToLoad.length > 0 && !this.#closed) {
        const freeRows = maxBytes / this.#bytesOfRow - rowsOfAll([...this.#parts])
        const storedFiles: StoredFile[] = []
        for (
          let rows = 0;
          filesToLoad[0] !== undefined && rows < rowsPerLoad && rows + filesToLoad[0].rows <= freeRows;
        ) {
          rows += filesToLoad[0].rows
          storedFiles.push(filesToLoad.shift()!)
        }
        if (storedFiles.length === 0) return
        await call(() => this.#read(connection, storedFiles, query))
      }
    } finally {
      connection.closeSync()
    }
  }

  /** Evicts parts that have mostly removed files, and excess small parts. Returns their live files. */
  async #tidy(connection: DuckDBConnection, version: ReadonlySet<string>): Promise<readonly StoredFile[]> {
    const live = (part: Part<Content>): readonly StoredFile[] => part.files.filter(({ name }) => version.has(name))
    const smallParts = [...this.#parts].filter(({ rows }) => rows < rowsPerLoad / 2)
    const stale = [...this.#parts].filter(
      (part) =>
        rowsOfAll(live(part)) * 2 < part.rows || (smallParts.length > maxSmallParts && smallParts.includes(part)),
    )
    const evictedParts = stale.filter(({ readers: held }) => held === 0)
    for (const part of evictedParts) await this.#drop(connection, part)
    return evictedParts.flatMap(live)
  }

  async #forget(connection: DuckDBConnection, rows: number, query: number) {
    let excessRows = rows + rowsOfAll([...this.#parts]) - this.#options.maxBytes / this.#bytesOfRow
    for (const part of [...this.#parts].toSorted((a, b) => a.requested - b.requested)) {
      if (excessRows <= 0 || part.requested >= query) return
      if (part.readers > 0) continue
      excessRows -= part.rows
      await this.#drop(connection, part)
    }
  }

  async #drop(connection: DuckDBConnection, part: Part<Content>) {
    this.#parts.delete(part)
    await this.#options.kind.drop(connection, part.content)
  }

  async #read(connection: DuckDBConnection, files: readonly StoredFile[], query: number) {
    const rows = rowsOfAll(files)
    try {
      if (!(await this.#options.verify(files))) return
      const content = await this.#options.kind.read(connection, files)
      this.#parts.add({ content, files, rows, requested: query, readers: 0 })
      // Small parts repeat the strings of other parts.
      const large = [...this.#parts].filter((part) => part.rows >= rowsPerLoad / 2)
      if (large.length > 0)
        this.#bytesOfRow = Math.max(8, large.reduce((sum, part) => sum + part.content.bytes, 0) / rowsOfAll(large))
    } catch {
      for (const file of files) this.#refused.add(file.name)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#loading
  }
}
