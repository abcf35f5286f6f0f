import type { Context } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import type { ClickHouseClient, Settings } from '../../net/clickhouse/client.ts'
import type { ClickHouseConfig } from './config.ts'
import { exampleColumns } from './map-example.ts'
import {
  addColumns,
  addIndex,
  commentOf,
  databaseStatement,
  fullName,
  onCluster,
  quotedText,
  schemaOf,
  schemaVersion,
  type Schema,
} from './map-schema.ts'

/** Settings of an insert; those that the server lacks are left out. */
const insertSettings: Settings = {
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_partitions_per_insert_block: 0,
  max_insert_threads: 1,
  // The shards answer when they have the rows.
  insert_distributed_sync: 1,
}
const asyncSettings: Settings = { async_insert: 1, wait_for_async_insert: 1, async_insert_deduplicate: 1 }
const syncSettings: Settings = { async_insert: 0 }
const token = 'insert_deduplication_token'

export type ServerState = Readonly<{
  version: string
  deduplicates: boolean
  /** Columns of existing tables that are UInt32 where Weir would create UInt64. */
  narrow: ReadonlySet<string>
  /** Settings of an insert. `small`: the server collects few rows, if the configuration has it. */
  settings(token: string, small: boolean): Settings
}>

export class MissingTables extends Error {}

export class ClickHouseSchema {
  readonly #client: ClickHouseClient
  readonly #config: ClickHouseConfig
  readonly #log: Context['log']
  #ready: ServerState | undefined

  constructor(client: ClickHouseClient, config: ClickHouseConfig, log: Context['log']) {
    this.#client = client
    this.#config = config
    this.#log = log
  }

  /** Checks, and creates if configured, until it succeeds once. */
  async ready(signal: AbortSignal): Promise<ServerState> {
    return (this.#ready ??= await this.#prepare(signal))
  }

  forget(): void {
    this.#ready = undefined
  }

  async inspect(signal: AbortSignal): Promise<Readonly<{ version: string; missing: readonly string[] }>> {
    const { version, known } = await this.#server(signal)
    const schema = schemaOf(this.#config, { deduplicates: known.has(token) })
    return { version, missing: missingOf(schema, await this.#tables(schema, signal)).map(({ what }) => what) }
  }

  async #prepare(signal: AbortSignal): Promise<ServerState> {
    const { version, known } = await this.#server(signal)
    const deduplicates = known.has(token)
    const schema = schemaOf(this.#config, { deduplicates })
    let tables = await this.#tables(schema, signal)
    if (this.#config.create && missingOf(schema, tables).length > 0) {
      await this.#create(schema, tables, signal)
      tables = await this.#tables(schema, signal)
    }
    if (this.#config.create) await this.#addIndexes(schema, signal)
    const missing = missingOf(schema, tables)
    if (missing.length > 0)
      throw new MissingTables(
        `the database lacks ${missing.map(({ what }) => what).join(', ')}; ` +
          (this.#config.create
            ? 'check that the user may create tables and columns'
            : 'create them by one start with `create: true` and a user with the rights, or enable it here'),
      )
    this.#warnOfEngines(tables)
    if (!deduplicates)
      this.#log.warn(
        `ClickHouse ${version} cannot recognize a repeated insert: rows may be double after a lost response. ` +
          'Use 22.3 or later',
      )
    const narrow = new Set(
      this.#config.layout === 'weir'
        ? []
        : exampleColumns
            .filter(
              ({ name, type }) =>
                type === 'UInt64' && tables.types.get(schema.tables[0]?.name ?? '')?.get(name) === 'UInt32',
            )
            .map(({ name }) => name),
    )
    return {
      version,
      deduplicates,
      narrow,
      settings: (of, small) =>
        Object.fromEntries(
          Object.entries({ ...insertSettings, ...(small ? asyncSettings : syncSettings), [token]: of }).filter(
            ([name]) => known.has(name),
          ),
        ),
    }
  }

  async #server(signal: AbortSignal): Promise<Readonly<{ version: string; known: ReadonlySet<string> }>> {
    const [row] = await this.#client.rows<{ version: string }>('SELECT version() AS version', signal)
    const names = [...Object.keys({ ...insertSettings, ...asyncSettings }), token].map(quotedText)
    const existing = await this.#client.rows<{ name: string }>(
      `SELECT name FROM system.settings WHERE name IN (${names.join(', ')})`,
      signal,
    )
    return { version: row?.version ?? 'unknown', known: new Set(existing.map(({ name }) => name)) }
  }

  async #tables({ tables, others }: Schema, signal: AbortSignal): Promise<Found> {
    const names = [...tables, ...others].map(({ name }) => quotedText(name)).join(', ')
    const where = `database = ${quotedText(this.#config.database)} AND`
    const engines = await this.#client.rows<{ name: string; engine: string }>(
      `SELECT name, engine FROM system.tables WHERE ${where} name IN (${names})`,
      signal,
    )
    const columns = await this.#client.rows<{ table: string; name: string; type: string }>(
      `SELECT table, name, type FROM system.columns WHERE ${where} table IN (${names})`,
      signal,
    )
    const types = new Map<string, Map<string, string>>(engines.map(({ name }) => [name, new Map()]))
    for (const { table, name, type } of columns) types.get(table)?.set(name, type)
    return { types, engines: new Map(engines.map(({ name, engine }) => [name, engine])) }
  }

  /** Safe while another instance does the same: every statement accepts that the object exists. */
  async #create({ tables, others }: Schema, existing: Found, signal: AbortSignal) {
    const { database, cluster, layout } = this.#config
    const databases = await this.#client.rows<{ name: string }>(
      `SELECT name FROM system.databases WHERE name = ${quotedText(database)}`,
      signal,
    )
    if (databases.length === 0) await this.#client.run(databaseStatement(this.#config), signal)
    for (const { name, create, columns } of tables) {
      const type = existing.types.get(name)
      if (type === undefined) {
        await this.#client.run(create, signal)
        this.#log.info(`created the table ${database}.${name}`)
        continue
      }
      const missing = columns.filter((column) => !type.has(column.name))
      if (missing.length === 0) continue
      await this.#client.run(addColumns({ database, cluster }, name, missing), signal)
      if (layout === 'weir') await this.#note(name, signal)
      this.#log.info(`added columns to the table ${database}.${name}`, {
        columns: missing.map((column) => column.name).join(', '),
      })
    }
    for (const { name, create } of others) if (!existing.types.has(name)) await this.#client.run(create, signal)
  }

  /** Without them queries are slower, so a failure stops nothing. */
  async #addIndexes({ tables }: Schema, signal: AbortSignal): Promise<void> {
    const { database } = this.#config
    const wanted = tables.flatMap(({ name, indexes }) => indexes.map((index) => ({ table: name, index })))
    if (wanted.length === 0) return
    try {
      const existing = await this.#client.rows<{ table: string; name: string }>(
        `SELECT table, name FROM system.data_skipping_indices WHERE database = ${quotedText(database)}`,
        signal,
      )
      for (const { table, index } of wanted) {
        if (existing.some((candidate) => candidate.table === table && candidate.name === index.name)) continue
        await this.#client.run(addIndex(this.#config, table, index), signal)
        this.#log.info(`added the index ${index.name} to the table ${database}.${table}, for new rows`)
      }
    } catch (error) {
      signal.throwIfAborted()
      this.#log.warn(
        `the tables in ${database} lack indexes, so queries read all rows; grant ALTER ADD INDEX to the user`,
        { error: messageOf(error) },
      )
    }
  }

  /** A newer version may have added more. */
  async #note(table: string, signal: AbortSignal) {
    const { database, cluster } = this.#config
    const [row] = await this.#client.rows<{ comment: string }>(
      `SELECT comment FROM system.tables WHERE database = ${quotedText(database)} AND name = ${quotedText(table)}`,
      signal,
    )
    if (Number(/^Weir, schema (\d+)$/.exec(row?.comment ?? '')?.[1] ?? 0) >= schemaVersion) return
    await this.#client.run(
      `ALTER TABLE ${fullName({ database, table_prefix: '' }, table)}${onCluster({ cluster })} ` +
        `MODIFY COMMENT ${quotedText(commentOf(schemaVersion))}`,
      signal,
    )
  }

  #warnOfEngines({ engines }: Found) {
    const unsafe = [...engines].filter(([, engine]) => !/MergeTree|Distributed|MaterializedView/.test(engine))
    for (const [name, engine] of unsafe)
      this.#log.warn(
        `the table ${name} has the engine ${engine}, which cannot recognize a repeated insert: rows may be double ` +
          `after a lost response${engine === 'Memory' ? ', and all are lost when the server stops' : ''}. Create it ` +
          'as a MergeTree',
      )
  }
}

type Found = Readonly<{
  /** Column types by table. */
  types: ReadonlyMap<string, ReadonlyMap<string, string>>
  engines: ReadonlyMap<string, string>
}>

function missingOf({ tables, others }: Schema, { types }: Found): { readonly what: string }[] {
  const columns = tables.flatMap(({ name, columns: wanted }) => {
    const type = types.get(name)
    if (type === undefined) return [{ what: `table ${name}` }]
    return wanted
      .filter((column) => !type.has(column.name))
      .map((column) => ({ what: `column ${name}.${column.name}` }))
  })
  return [...columns, ...others.filter(({ name }) => !types.has(name)).map(({ name }) => ({ what: `table ${name}` }))]
}
