import type { Reader, Response } from 'mmdb-lib'
import type { Host, Timer } from '../host/index.ts'
import { formatIp } from '../model/ip.ts'
import type { Log } from '../telemetry/ports.ts'
import { GeoTree } from './geo-tree.ts'

const pollMs = 10_000

/** MaxMind's format (.mmdb). If a file is unusable, the previous content stays, and the start does not fail. */
export class GeoDatabase {
  readonly file: string
  readonly #host: Pick<Host, 'disk' | 'timers'>
  readonly #log: Log
  #reader: Reader<Response> | undefined
  #tree: GeoTree | undefined
  #generation = 0
  #seen = ''
  #damaged = false
  #polling: Timer | undefined
  #looking: Promise<void> = Promise.resolve()

  private constructor(host: Pick<Host, 'disk' | 'timers'>, file: string, log: Log) {
    this.#host = host
    this.file = file
    this.#log = log
  }

  static async open(host: Pick<Host, 'disk' | 'timers'>, file: string, log: Log): Promise<GeoDatabase> {
    const database = new GeoDatabase(host, file, log)
    await database.look()
    database.#polling = host.timers.every(pollMs, () => void database.look())
    return database
  }

  get generation(): number {
    return this.#generation
  }

  find(words: Uint32Array, offset: number): number {
    return this.#tree?.find(words, offset) ?? 0
  }

  /** The record of the address. Slow: check {@link find} for a cached record first. */
  get(words: Uint32Array, offset: number): unknown {
    if (this.find(words, offset) === 0) return undefined
    try {
      return this.#reader?.get(formatIp(words, offset)) ?? undefined
    } catch (error) {
      this.#complain(error)
      return undefined
    }
  }

  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#read())
    return this.#looking
  }

  close(): void {
    this.#polling?.cancel()
  }

  async #read() {
    try {
      const stat = await this.#host.disk.stat(this.file)
      // Taken before the read, so that the next check detects a concurrent change.
      const seen = stat === undefined ? 'missing' : `${stat.modified} ${stat.size}`
      if (seen === this.#seen) return
      this.#seen = seen
      if (stat === undefined) throw new Error('the file does not exist')
      const { Reader } = await import('mmdb-lib')
      const read = await this.#host.disk.readFile(this.file)
      const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength)
      const reader = new Reader<Response>(bytes)
      this.#tree = new GeoTree(bytes, reader.metadata)
      this.#reader = reader
      this.#generation++
      this.#damaged = false
      const { databaseType, buildEpoch } = reader.metadata
      this.#log.info('Loaded an address database.', {
        file: this.file,
        type: databaseType,
        built: buildEpoch.toISOString(),
      })
    } catch (error) {
      const what = this.#reader === undefined ? 'rows lack its fields' : 'the previous content stays in use'
      this.#log.warn(`Cannot use an address database; ${what}. Provide a file in MaxMind's format (.mmdb).`, {
        file: this.file,
        error,
      })
    }
  }

  #complain(error: unknown) {
    if (this.#damaged) return
    this.#damaged = true
    this.#log.warn('An address database is damaged; rows of some addresses lack its fields. Download it again.', {
      file: this.file,
      error,
    })
  }
}
