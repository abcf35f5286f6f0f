import { bodyColumnTypes, eventColumnTypes, flowColumnType } from '../../codecs/clickhouse-native/index.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import { rollups, rollupSums, type Rollup } from '../../net/clickhouse/rollups.ts'
import { receiptOf, rollupTime } from '../../net/clickhouse/times.ts'
import type { ClickHouseConfig } from './config.ts'
import { exampleColumns } from './map-example.ts'
import { rollupColumns, rollupOrder, rollupQuery } from './map-rollup.ts'

/** Version of the tables of layout `weir`, which is in their comments. */
export const schemaVersion = 7
const rememberedInserts = 10_000

type TableColumn = Readonly<{
  name: string
  type: string
  definition: string
  isAlias?: true
}>

export type TableIndex = Readonly<{
  name: string
  definition: string
}>

type Table = Readonly<{
  name: string
  columns: readonly TableColumn[]
  /** Indexes by which queries of a time range skip parts: partitions follow from no column of time in the views. */
  indexes: readonly TableIndex[]
  create: string
}>

export type Schema = Readonly<{
  /** In the order of creation: sums exist before flows do. */
  tables: readonly Table[]
  others: readonly Readonly<{ name: string; create: string }>[]
}>

type Names = Pick<ClickHouseConfig, 'database' | 'table_prefix' | 'layout' | 'cluster' | 'distributed' | 'ttl'>

export function quotedName(name: string): string {
  return `\`${name}\``
}

export function quotedText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** Name of the table that receives and answers; `kind`: `flows`, `events`, `flows_1m`. */
function tableName({ table_prefix: prefix }: Pick<Names, 'table_prefix'>, kind: string) {
  return `${prefix}${kind}`
}

export function fullName({ database, table_prefix }: Pick<Names, 'database' | 'table_prefix'>, kind: string): string {
  return `${quotedName(database)}.${quotedName(tableName({ table_prefix }, kind))}`
}

/** `deduplicates` also stands for the age of the server: older ones lack comments. */
type ServerFacts = Readonly<{ deduplicates: boolean }>

export function schemaOf(config: Names, { deduplicates }: ServerFacts = { deduplicates: true }): Schema {
  if (config.layout === 'netobserv-example')
    return { tables: [tableOf(config, 'flows', exampleColumns, exampleBody(config, { deduplicates }))], others: [] }
  const tables = [
    ...rollups.map((rollup) =>
      tableOf(config, stored(config, rollup), rollupColumns, rollupBody(config, rollup), [
        index('bucket', rollupTime()),
      ]),
    ),
    tableOf(config, stored(config, 'flows'), flowTableColumns, flowBody(config), [index('received', receiptOf.flow())]),
    tableOf(config, stored(config, 'events'), eventTableColumns, eventBody(config), [
      index('received', receiptOf.event()),
      index('happened', '`time`'),
    ]),
  ]
  const views = rollups.map((rollup) => ({
    name: tableName(config, `${rollup}_view`),
    create:
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${fullName(config, `${rollup}_view`)}${onCluster(config)} TO ` +
      `${fullName(config, stored(config, rollup))} AS ` +
      rollupQuery(rollup, fullName(config, stored(config, 'flows'))),
  }))
  const fronts = config.distributed
    ? [...rollups, 'flows', 'events'].map((kind) => ({
        name: tableName(config, kind),
        create:
          `CREATE TABLE IF NOT EXISTS ${fullName(config, kind)}${onCluster(config)} AS ` +
          `${fullName(config, stored(config, kind))} ENGINE = Distributed(${quotedName(config.cluster ?? '')}, ` +
          `${quotedText(config.database)}, ${quotedText(tableName(config, stored(config, kind)))}, ` +
          `${(rollups as readonly string[]).includes(kind) ? 'rand()' : 'cityHash64(_source, _epoch, _sequence)'})`,
      }))
    : []
  return { tables, others: [...views, ...fronts] }
}

export function databaseStatement({ database, cluster }: Pick<Names, 'database' | 'cluster'>): string {
  return `CREATE DATABASE IF NOT EXISTS ${quotedName(database)}${onCluster({ cluster })}`
}

/** Adds columns; each statement is harmless if another instance was faster. */
export function addColumns(
  config: Pick<Names, 'database' | 'cluster'>,
  table: string,
  columns: readonly TableColumn[],
): string {
  const added = columns.map(({ definition }) => `ADD COLUMN IF NOT EXISTS ${definition}`)
  return `ALTER TABLE ${quotedName(config.database)}.${quotedName(table)}${onCluster(config)} ${added.join(', ')}`
}

/** Adds an index to parts that are written from now on. */
export function addIndex(
  config: Pick<Names, 'database' | 'cluster'>,
  table: string,
  { definition }: TableIndex,
): string {
  const name = `${quotedName(config.database)}.${quotedName(table)}`
  return `ALTER TABLE ${name}${onCluster(config)} ADD INDEX IF NOT EXISTS ${definition}`
}

export function commentOf(version: number): string {
  return `Weir, schema ${version}`
}

function stored({ distributed }: Pick<Names, 'distributed'>, kind: string) {
  return distributed ? `${kind}_local` : kind
}

export function onCluster({ cluster }: Pick<Names, 'cluster'>): string {
  return cluster === null ? '' : ` ON CLUSTER ${quotedName(cluster)}`
}

function tableOf(
  config: Names,
  kind: string,
  columns: readonly TableColumn[],
  body: string,
  indexes: readonly TableIndex[] = [],
): Table {
  const parts = [
    ...columns.map(({ definition }) => definition),
    ...indexes.map(({ definition }) => `INDEX ${definition}`),
  ]
  return {
    name: tableName(config, kind),
    columns,
    indexes,
    create: `CREATE TABLE IF NOT EXISTS ${fullName(config, kind)}${onCluster(config)} (${parts.join(', ')}) ${body}`,
  }
}

function index(name: string, expression: string): TableIndex {
  return { name, definition: `${quotedName(name)} ${expression} TYPE minmax GRANULARITY 1` }
}

function column(name: string, type: string, codec = 'ZSTD(1)'): TableColumn {
  return { name, type, definition: `${quotedName(name)} ${type} CODEC(${codec})` }
}

function alias(name: string, type: string, expression: string): TableColumn {
  return { name, type, definition: `${quotedName(name)} ${type} ALIAS ${expression}`, isAlias: true }
}

export const positionTypes = {
  _writer: 'LowCardinality(String)',
  _source: 'LowCardinality(String)',
  _epoch: 'UInt64',
  _sequence: 'UInt64',
  _row: 'UInt32',
  _received: "DateTime64(3, 'UTC')",
} as const

const positions: readonly TableColumn[] = Object.entries(positionTypes).map(([name, type]) =>
  column(name, type, type.startsWith('LowCardinality') ? 'ZSTD(1)' : 'Delta, ZSTD(1)'),
)

const position = alias(
  '_pos',
  'String',
  "concat(_source, ':', toString(_epoch), ':', toString(_sequence), ':', toString(_row))",
)

const estimate = (of: string): TableColumn =>
  alias(`${of}_est`, 'Nullable(UInt128)', `toUInt128(${of}) * coalesce(sampling, 1)`)

const flowTableColumns: readonly TableColumn[] = [
  ...positions,
  ...(flowFields as readonly Field[]).map((field) =>
    column(field.name, flowColumnType(field), field.kind === 'time' ? 'Delta(8), ZSTD(1)' : 'ZSTD(1)'),
  ),
  estimate('bytes'),
  estimate('packets'),
  position,
]

const eventTableColumns: readonly TableColumn[] = [
  ...positions,
  ...Object.entries(eventColumnTypes).map(([name, type]) =>
    column(name, type, name === 'time' ? 'Delta(8), ZSTD(1)' : 'ZSTD(1)'),
  ),
  ...Object.entries(bodyColumnTypes).map(([name, type]) => column(name, type)),
  alias('time_received', "DateTime64(3, 'UTC')", '_received'),
  position,
]

function engine({ cluster }: Pick<Names, 'cluster'>, family = 'MergeTree', parameters = '') {
  return cluster === null
    ? `${family}(${parameters})`
    : `Replicated${family}${parameters === '' ? '' : `(${parameters})`}`
}

function settings({ cluster }: Pick<Names, 'cluster'>): string {
  const own =
    cluster === null
      ? // A single server is the only copy.
        [
          `non_replicated_deduplication_window = ${rememberedInserts}`,
          'fsync_after_insert = 1',
          'fsync_part_directory = 1',
        ]
      : [`replicated_deduplication_window = ${rememberedInserts}`]
  return [...own, 'allow_nullable_key = 1', 'ttl_only_drop_parts = 1'].join(', ')
}

function expiry(time: string, ageMs: number) {
  return `TTL ${time} + toIntervalSecond(${Math.ceil(ageMs / 1000)})`
}

const comment = ` COMMENT ${quotedText(commentOf(schemaVersion))}`

function flowBody(config: Names) {
  return (
    `ENGINE = ${engine(config)} PARTITION BY toDate(_received) ORDER BY (toStartOfFiveMinutes(_received), ` +
    `src_namespace, dst_namespace, src_owner_name, dst_owner_name, src_addr, dst_addr, _sequence, _row) PRIMARY KEY ` +
    `(toStartOfFiveMinutes(_received), src_namespace, dst_namespace, src_owner_name, dst_owner_name) ` +
    `${expiry('toDateTime(_received)', config.ttl.flows)} SETTINGS ${settings(config)}${comment}`
  )
}

function eventBody(config: Names) {
  return (
    `ENGINE = ${engine(config)} PARTITION BY toDate(_received) ORDER BY (family, toStartOfFiveMinutes(_received), ` +
    `type, _source, _epoch, _sequence, _row) PRIMARY KEY (family, toStartOfFiveMinutes(_received), type) ` +
    `${expiry('toDateTime(_received)', config.ttl.events)} SETTINGS ${settings(config)}${comment}`
  )
}

function rollupBody(config: Names, rollup: Rollup): string {
  const partition = rollup === 'flows_1h' ? 'toYYYYMM(time)' : 'toDate(time)'
  return (
    `ENGINE = ${engine(config, 'SummingMergeTree', `(${rollupSums.join(', ')})`)} PARTITION BY ${partition} ` +
    `ORDER BY (${rollupOrder.join(', ')}) PRIMARY KEY (time, src_namespace, dst_namespace) ` +
    `${expiry('time', config.ttl[rollup])} SETTINGS ${settings(config)}${comment}`
  )
}

function exampleBody(config: Names, { deduplicates }: ServerFacts) {
  return `ENGINE = ${engine(config)} ORDER BY start${deduplicates ? ` SETTINGS ${settings(config)}` : ''}`
}
