import type { Host, Timer } from '../host/index.ts'
import type { Log } from '../telemetry/ports.ts'
import type { ScopedEntry } from './networks-file.ts'
import { PrefixTable, type Meaning } from './prefix-table.ts'
import { messageOf } from '../model/errors.ts'

export type StaticResolution = Readonly<{ is: 'endpoint'; endpoint: Meaning }> | { readonly is: 'unknown' }

export interface StaticResolver {
  /** The time is ignored; an unknown scope uses the entries without one. */
  resolve(words: Uint32Array, offset: number, time: number, scope: string): StaticResolution
  readonly generation: number
  /** Reloads the file, changed or not. Never rejects: an unusable file leaves the table unchanged. */
  reload(): Promise<void>
  close(): void
}

const pollMs = 2000
const unknown: StaticResolution = { is: 'unknown' }

export async function staticResolver(
  host: Pick<Host, 'disk' | 'timers'>,
  file: string | undefined,
  log: Log,
): Promise<StaticResolver> {
  const resolver = new FileResolver(host, file, log)
  await resolver.reload()
  resolver.watch()
  return resolver
}

class FileResolver implements StaticResolver {
  readonly #host: Pick<Host, 'disk' | 'timers'>
  readonly #file: string | undefined
  readonly #log: Log
  #everywhere = new ScopeTable([])
  #scopes: ReadonlyMap<string, ScopeTable> = new Map()
  #generation = 0
  #seen = ''
  #reading: Promise<void> = Promise.resolve()
  #polling: Timer | undefined

  constructor(host: Pick<Host, 'disk' | 'timers'>, file: string | undefined, log: Log) {
    this.#host = host
    this.#file = file
    this.#log = log
  }

  get generation(): number {
    return this.#generation
  }

  resolve(words: Uint32Array, offset: number, _time: number, scope: string): StaticResolution {
    const table = scope === '' ? this.#everywhere : (this.#scopes.get(scope) ?? this.#everywhere)
    return table.resolve(words, offset)
  }

  reload(): Promise<void> {
    return this.#inTurn('always')
  }

  watch(): void {
    if (this.#file === undefined) return
    this.#polling = this.#host.timers.every(pollMs, () => void this.#inTurn('changed'))
  }

  close(): void {
    this.#polling?.cancel()
  }

  #inTurn(when: 'always' | 'changed') {
    this.#reading = this.#reading.then(() => this.#look(when))
    return this.#reading
  }

  async #look(when: 'always' | 'changed') {
    const file = this.#file
    if (file === undefined) return
    try {
      const stat = await this.#host.disk.stat(file)
      // Taken before the read, so that the next check detects a concurrent change.
      const seen = stat === undefined ? 'missing' : `${stat.modified} ${stat.size}`
      if (seen === this.#seen && when === 'changed') return
      this.#seen = seen
      if (stat === undefined) return this.#warn(file, 'the file does not exist')
      await this.#take(file, new TextDecoder().decode(await this.#host.disk.readFile(file)))
    } catch (error) {
      this.#warn(file, messageOf(error))
    }
  }

  async #take(file: string, content: string) {
    const { readNetworks } = await import('./networks-file.ts')
    const read = readNetworks(content, file)
    if (read.problems !== undefined) return this.#warn(file, read.problems)
    const { entries } = read
    const scopes = new Set(entries.flatMap(({ scope }) => scope ?? []))
    this.#everywhere = new ScopeTable(entries.filter(({ scope }) => scope === undefined))
    this.#scopes = new Map(
      [...scopes].map((name) => [
        name,
        new ScopeTable(entries.filter(({ scope }) => scope === undefined || scope === name)),
      ]),
    )
    this.#generation++
    this.#log.info('Loaded network names.', { file, networks: entries.length })
  }

  #warn(file: string, problem: string) {
    const now = this.#generation === 0 ? 'addresses have no names' : 'the previous names stay in use'
    this.#log.warn(`Cannot use the networks file; ${now}.`, { file, problem })
  }
}

class ScopeTable {
  readonly #table: PrefixTable
  readonly #answers: readonly StaticResolution[]

  constructor(entries: readonly ScopedEntry[]) {
    this.#table = new PrefixTable(entries)
    this.#answers = this.#table.meanings.map((endpoint, number) =>
      number === 0 ? unknown : { is: 'endpoint', endpoint },
    )
  }

  resolve(words: Uint32Array, offset: number): StaticResolution {
    return this.#answers[this.#table.lookup(words, offset)] ?? unknown
  }
}
