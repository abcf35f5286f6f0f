import type { Driver, Session } from 'neo4j-driver'
import { withTimeout } from '../../host/with-timeout.ts'
import { withSinkTimeout } from '../../messaging/sink-timeout.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import { newDriver } from './client-connect.ts'
import { isDeadlock, verdict, why } from './client-errors.ts'
import type { Neo4jConfig } from './config.ts'
import { constraints, type Statement } from './map-cypher.ts'

/** For so long a connection may take to close that nobody answers on. */
const closeMs = 1000
/** So often a transaction is begun that was given up for another one: that one goes on meanwhile. */
const begun = 4

/** A transaction that is under way. */
export interface Writing {
  /** Runs statements, in their order, and tells how many rows each answered with. */
  run(statements: readonly Statement[]): Promise<number[]>
  ask(text: string, parameters: object): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** Connects to a database, and does what is asked of it, each a transaction. */
export class GraphClient {
  readonly #config: Neo4jConfig
  readonly #context: Context
  readonly #place: string
  #driver: Driver | undefined
  #preparing: Promise<Driver> | undefined
  /** The database has what keeps its nodes unique. */
  #constrained = false

  constructor(config: Neo4jConfig, context: Context) {
    this.#config = config
    this.#context = context
    this.#place = `${config.url}${config.database === null ? '' : ` (database ${config.database})`}`
  }

  /** Delivered once it is committed, then as a whole. `act` is done anew for each transaction that is begun. Never rejects. */
  async write(act: (writing: Writing) => Promise<void>, signal: AbortSignal): Promise<Attempt> {
    try {
      const driver = await this.#limited(this.#ready(), signal)
      for (let left = begun - 1; ; left--) {
        try {
          await this.#limited(this.#commit(driver, act), signal)
          return undefined
        } catch (error) {
          if (left === 0 || signal.aborted || !isDeadlock(error)) throw error
        }
      }
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
    if (driver !== undefined)
      await withTimeout(driver.close(), {
        timers: this.#context.host.timers,
        ms: closeMs,
        late: 'nobody answers',
      }).catch(() => undefined)
  }

  #limited<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
    return withSinkTimeout(asked, { timers: this.#context.host.timers, ms: this.#config.timeout }, signal)
  }

  /** Once for all who ask at the same time. */
  #ready(): Promise<Driver> {
    return (this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined
    }))
  }

  async #prepare(): Promise<Driver> {
    const driver = await this.#connect()
    if (this.#constrained || !this.#config.create_constraints) return driver
    return this.#within(driver.session(this.#target), async (session) => {
      for (const text of constraints) await session.run(text)
      this.#constrained = true
      return driver
    })
  }

  async #commit(driver: Driver, act: (writing: Writing) => Promise<void>): Promise<void> {
    await this.#within(driver.session(this.#target), async (session) => {
      // The database ends it by itself when we are gone, so that it holds no locks then.
      const transaction = session.beginTransaction({ timeout: this.#config.timeout })
      await act({
        // Sent one behind the other without waiting: after one that failed the database does none.
        run: async (statements) =>
          (await Promise.all(statements.map(({ text, parameters }) => transaction.run(text, parameters)))).map(
            ({ records }) => Number(records[0]?.get(0) ?? 0),
          ),
        ask: async (text, parameters) =>
          (await transaction.run(text, parameters)).records.map((record) => record.toObject()),
      })
      await transaction.commit()
    })
  }

  async #look(): Promise<{ readonly agent: string; readonly database: string }> {
    return this.#within(
      (await this.#connect()).session({ ...this.#target, defaultAccessMode: 'READ' }),
      async (session) => {
        const { records, summary } = await session.run(
          'CALL dbms.components() YIELD name, versions, edition RETURN name + " " + versions[0] + " " + edition AS agent',
        )
        return {
          agent: String(records[0]?.get('agent') ?? summary.server.agent ?? 'a server'),
          database: summary.database.name ?? 'of our user',
        }
      },
    )
  }

  /** What went wrong before is what is told; an open transaction ends with its session. */
  async #within<T>(session: Session, act: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await act(session)
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
