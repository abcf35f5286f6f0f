import type { Driver, Session } from 'neo4j-driver'
import { withTimeout } from '../../host/with-timeout.ts'
import { withSinkTimeout } from '../../messaging/sink-timeout.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import { newDriver } from './client-connect.ts'
import { isDeadlock, outcomeOf, describeFailure } from './client-errors.ts'
import type { Neo4jConfig } from './config.ts'
import { constraints, type Statement } from './map-cypher.ts'

const closeMs = 1000
const maxAttempts = 4

export interface Transaction {
  run(statements: readonly Statement[]): Promise<number[]>
  query(text: string, parameters: object): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export class GraphClient {
  readonly #config: Neo4jConfig
  readonly #context: Context
  readonly #place: string
  #driver: Driver | undefined
  #preparing: Promise<Driver> | undefined
  #constraintsCreated = false

  constructor(config: Neo4jConfig, context: Context) {
    this.#config = config
    this.#context = context
    this.#place = `${config.url}${config.database === null ? '' : ` (database ${config.database})`}`
  }

  /** All or nothing; a retry runs `act` again. Never rejects. */
  async write(act: (writing: Transaction) => Promise<void>, signal: AbortSignal): Promise<Attempt> {
    try {
      const driver = await this.#withLimit(this.#ready(), signal)
      for (let left = maxAttempts - 1; ; left--) {
        try {
          await this.#withLimit(this.#commit(driver, act), signal)
          return undefined
        } catch (error) {
          if (left === 0 || signal.aborted || !isDeadlock(error)) throw error
        }
      }
    } catch (error) {
      const attempt = outcomeOf(error, this.#place)
      if (attempt?.is === 'retry' && attempt.away === true) await this.close()
      return attempt
    }
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      const { agent, database } = await this.#withLimit(this.#readVersion(), signal)
      return { is: 'ok', message: `${this.#place}: ${agent}, database ${database}` }
    } catch (error) {
      await this.close()
      return { is: 'fail', message: describeFailure(error, this.#place) }
    }
  }

  async close(): Promise<void> {
    const driver = this.#driver
    this.#driver = undefined
    if (driver !== undefined)
      await withTimeout(driver.close(), {
        timers: this.#context.host.timers,
        ms: closeMs,
        late: 'no response',
      }).catch(() => undefined)
  }

  #withLimit<T>(operation: Promise<T>, signal: AbortSignal) {
    return withSinkTimeout(operation, { timers: this.#context.host.timers, ms: this.#config.timeout }, signal)
  }

  #ready() {
    return (this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined
    }))
  }

  async #prepare(): Promise<Driver> {
    const driver = await this.#connect()
    if (this.#constraintsCreated || !this.#config.create_constraints) return driver
    return this.#withSession(driver.session(this.#target), async (session) => {
      for (const text of constraints) await session.run(text)
      this.#constraintsCreated = true
      return driver
    })
  }

  async #commit(driver: Driver, act: (writing: Transaction) => Promise<void>) {
    await this.#withSession(driver.session(this.#target), async (session) => {
      // Releases locks after a lost connection.
      const transaction = session.beginTransaction({ timeout: this.#config.timeout })
      await act({
        run: async (statements) =>
          (await Promise.all(statements.map(({ text, parameters }) => transaction.run(text, parameters)))).map(
            ({ records }) => Number(records[0]?.get(0) ?? 0),
          ),
        query: async (text, parameters) =>
          (await transaction.run(text, parameters)).records.map((record) => record.toObject()),
      })
      await transaction.commit()
    })
  }

  async #readVersion(): Promise<Readonly<{ agent: string; database: string }>> {
    return this.#withSession(
      (await this.#connect()).session({ ...this.#target, defaultAccessMode: 'READ' }),
      async (session) => {
        const { records, summary } = await session.run(
          'CALL dbms.components() YIELD name, versions, edition RETURN name + " " + versions[0] + " " + ' +
            'edition AS agent',
        )
        return {
          agent: String(records[0]?.get('agent') ?? summary.server.agent ?? 'a server'),
          database: summary.database.name ?? 'of our user',
        }
      },
    )
  }

  /** An error of `act` takes precedence over one of closing. */
  async #withSession<T>(session: Session, act: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await act(session)
    } finally {
      await session.close().catch(() => undefined)
    }
  }

  async #connect() {
    return (this.#driver ??= await newDriver(this.#config))
  }

  get #target(): { readonly database?: string } {
    return this.#config.database === null ? {} : { database: this.#config.database }
  }
}
