import type { Driver } from 'neo4j-driver'
import { within } from '../../bus/within.ts'
import type { Attempt } from '../../engine/in-order.ts'
import type { Context, Probe } from '../../engine/ports.ts'
import { newDriver } from './client-connect.ts'
import { verdict, why } from './client-errors.ts'
import type { Neo4jConfig } from './config.ts'
import { constraints, statementsOf } from './map-cypher.ts'
import type { GraphRow } from './map.ts'

/** For so long a connection may take to close that nobody answers on. */
const closeMs = 1000

/** Writes rows into a database, a transaction at a time. */
export class GraphWriter {
  readonly #config: Neo4jConfig
  readonly #context: Context
  readonly #place: string
  #driver: Driver | undefined
  /** The database has what keeps its nodes unique. */
  #constrained = false

  constructor(config: Neo4jConfig, context: Context) {
    this.#config = config
    this.#context = context
    this.#place = `${config.url}${config.database === null ? '' : ` (database ${config.database})`}`
  }

  /** Delivered once it is committed, then as a whole. Never rejects. */
  async write(rows: readonly GraphRow[], signal: AbortSignal): Promise<Attempt> {
    try {
      const driver = await this.#limited(this.#ready(), signal)
      await this.#limited(this.#commit(driver, rows), signal)
      return undefined
    } catch (error) {
      const attempt = verdict(error, this.#place)
      // Whatever is wrong with the connection or the login, the next one is a new one.
      if (attempt?.is === 'retry' && attempt.away === true) await this.close()
      return attempt
    }
  }

  /** Logs in and asks who is there; writes nothing. */
  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      const { agent, database } = await this.#limited(this.#look(), signal)
      return { is: 'ok', says: `${this.#place}: ${agent}, database ${database}` }
    } catch (error) {
      await this.close()
      return { is: 'fail', says: why(error, this.#place) }
    }
  }

  async close(): Promise<void> {
    const driver = this.#driver
    this.#driver = undefined
    if (driver !== undefined) await within(driver.close(), { timers: this.#context.host.timers, ms: closeMs, late: 'nobody answers' }).catch(() => undefined)
  }

  #limited<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
    const { timeout } = this.#config
    return within(asked, { timers: this.#context.host.timers, ms: timeout, late: `no answer within ${timeout} ms`, until: { signal, says: 'the sink is stopping' } })
  }

  async #ready(): Promise<Driver> {
    const driver = await this.#connect()
    if (this.#constrained || !this.#config.create_constraints) return driver
    const session = driver.session(this.#target)
    try {
      for (const text of constraints) await session.run(text)
      this.#constrained = true
      return driver
    } finally {
      await session.close().catch(() => undefined)
    }
  }

  async #commit(driver: Driver, rows: readonly GraphRow[]): Promise<void> {
    const session = driver.session(this.#target)
    try {
      // The database ends it by itself when we are gone, so that it holds no locks then.
      const transaction = session.beginTransaction({ timeout: this.#config.timeout })
      // Sent one behind the other without waiting: after one that failed the database does none.
      await Promise.all(statementsOf(rows).map(({ text, parameters }) => transaction.run(text, parameters)))
      await transaction.commit()
    } finally {
      // What went wrong before is what is told; an open transaction ends with its session.
      await session.close().catch(() => undefined)
    }
  }

  async #look(): Promise<{ readonly agent: string; readonly database: string }> {
    const session = (await this.#connect()).session({ ...this.#target, defaultAccessMode: 'READ' })
    try {
      const { records, summary } = await session.run('CALL dbms.components() YIELD name, versions, edition RETURN name + " " + versions[0] + " " + edition AS agent')
      return { agent: String(records[0]?.get('agent') ?? summary.server.agent ?? 'a server'), database: summary.database.name ?? 'of our user' }
    } finally {
      await session.close().catch(() => undefined)
    }
  }

  async #connect(): Promise<Driver> {
    return (this.#driver ??= await newDriver(this.#config))
  }

  get #target(): { readonly database?: string } {
    return this.#config.database === null ? {} : { database: this.#config.database }
  }
}
