import {
  bytes,
  checkClickhouse,
  choice,
  clickhouseCreate,
  clickhouseDatabase,
  clickhouseFields,
  clickhouseWriter,
  Complaint,
  duration,
  group,
  integer,
  list,
  text,
} from '../schema/index.ts'
import { hourSumNames } from '../model/hour-sums.ts'

const { url, table_prefix, ttl, ...others } = clickhouseFields

const clickhouse = group(
  {
    url,
    database: clickhouseDatabase('weir'),
    table_prefix,
    create: clickhouseCreate(
      'Create the database, tables and views if they are missing, and add missing columns. If disabled, Weir lists ' +
        'what is missing, and waits',
    ),
    ttl,
    writer: clickhouseWriter,
    ...others,
    query_memory: bytes(
      { description: 'Memory limit of one console query in ClickHouse', default: '4GiB' },
      { min: '64MiB' },
    ),
    hour_sums: list(choice(hourSumNames, { description: 'Sums by hour', required: true, example: 'pairs' }), {
      description:
        'Sums of flows by hour of receipt, which serve top lists over many flows. They cost disk and processor time ' +
        'of ClickHouse; `pairs` the most. Sums that are no longer listed stay until they are dropped in ClickHouse',
      default: ['services', 'sources', 'destinations'],
      example: ['services', 'sources', 'destinations', 'pairs'],
    }),
    batch: group(
      {
        events: integer(
          { description: 'Maximum rows in one insert', unit: 'rows', default: 50_000 },
          { min: 1, max: 1_000_000 },
        ),
        bytes: bytes(
          { description: 'Approximate size of the journal range in one insert', default: '16MiB' },
          { min: '1KiB', max: '64MiB' },
        ),
        wait: duration({ description: 'Maximum wait for more rows before an insert is sent', default: '1s' }),
      },
      { description: 'Size of the inserts; many instances with few rows should wait longer', default: {} },
    ),
  },
  {
    description: 'ClickHouse as the store, with `enabled: clickhouse`',
    default: null,
    example: { url: 'https://clickhouse.example.com:8443' },
  },
  checkClickhouse,
)

export const storeGroup = group(
  {
    enabled: choice(['parquet', 'clickhouse', 'none'], {
      description:
        'Where rows are stored for queries. `parquet`: the embedded store. `clickhouse`: the server of ' +
        '`store.clickhouse`; `age`, `size`, `rollups` and `memory` do not apply to it',
      default: 'parquet',
    }),
    clickhouse,
    from: list(text({ description: 'Id of a source or transform', required: true, example: 'netflow' }), {
      description:
        'Sources to store and to show in live views; rows of the others are counted as filtered. A reload ' +
        'applies a change to later rows. Unset: all, including derived ones',
      default: null,
      example: ['netflow', 'ended'],
    }),
    age: duration({ description: 'Maximum age of rows; older rows are deleted', default: null, example: '30d' }),
    size: bytes(
      {
        description: 'Maximum size; older rows are deleted. Unset: ¾ of the volume without reserve, at most 50 GiB',
        default: null,
        example: '50GiB',
      },
      { min: '1MiB' },
    ),
    rollups: group(
      {
        '1m': duration({ description: 'Maximum age of one-minute rollups', default: '7d' }, { min: '1h' }),
        '5m': duration({ description: 'Maximum age of five-minute rollups', default: '60d' }, { min: '1h' }),
        '1h': duration({ description: 'Maximum age of one-hour rollups', default: '400d' }, { min: '1h' }),
      },
      {
        description: 'Retention of rollups. It is independent of `store.age`, so rollups may outlive the flows',
        default: {},
      },
    ),
    query_timeout: duration({ description: 'Maximum time without progress of a query', default: '2m' }, { min: '1s' }),
    memory: bytes(
      { description: 'Memory limit of console queries; larger queries spill to disk', default: '256MiB' },
      { min: '64MiB' },
    ),
  },
  { description: 'The store', default: {} },
  ({ enabled, clickhouse: settings }) => {
    if (enabled === 'clickhouse' && settings === null)
      return new Complaint('`clickhouse` is missing; it has the address of the server', 'add `clickhouse: { url: … }`')
    if (enabled !== 'clickhouse' && settings !== null)
      return new Complaint(
        `\`clickhouse\` is set, but \`enabled\` is ${enabled}`,
        'write `enabled: clickhouse`, or remove `clickhouse`',
        ['clickhouse'],
      )
    return null
  },
)

export const sqlGroup = group(
  {
    memory: bytes(
      {
        description: 'Memory limit of the process that runs one SQL statement or one export',
        default: '1GiB',
      },
      { min: '128MiB' },
    ),
    timeout: duration(
      {
        description: 'Maximum run time of an SQL statement; an export may run longer while it returns rows',
        default: '60s',
      },
      { min: '1s' },
    ),
  },
  { description: 'Limits of SQL statements and exports, each of which runs in a separate process', default: {} },
)

export const liveGroup = group(
  {
    views: integer({ description: 'Maximum views in one stream', default: 8 }, { min: 1, max: 100 }),
    streams_per_user: integer({ description: 'Maximum open streams of one user', default: 4 }, { min: 1, max: 1000 }),
    streams: integer({ description: 'Maximum open streams', default: 200 }, { min: 1, max: 10_000 }),
    rows: integer(
      { description: 'Maximum rows in one message; a stream sends four messages a second', default: 500 },
      { min: 1, max: 10_000 },
    ),
    ring_rows: integer(
      {
        description:
          'Newest flows and newest events cached in memory, for new and reconnecting clients. Without a ' +
          'store they serve all queries',
        default: 1_000_000,
      },
      { min: 100, max: 10_000_000 },
    ),
    ring_size: bytes(
      {
        description:
          'Memory for each of the two caches, in the encoding of the journal (about 25 bytes a flow). ' +
          'Reading them needs the same amount again. Without a store, tables of the flows that are queried may ' +
          'take 16 times as much',
        default: '16MiB',
      },
      { min: '64KiB', max: '4GiB' },
    ),
    ring_age: duration(
      { description: 'Maximum age of cached rows, relative to the newest', default: '15m' },
      { min: '1s', max: '24h' },
    ),
  },
  { description: 'Live streams', default: {} },
)
