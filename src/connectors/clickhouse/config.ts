import {
  checkClickhouse,
  choice,
  clickhouseCreate,
  clickhouseDatabase,
  clickhouseFields,
  clickhouseWriter,
  Complaint,
  defineSchema,
  type ConfigOf,
} from '../../schema/index.ts'

const { url, table_prefix, ttl, ...others } = clickhouseFields

export const clickhouseSchema = defineSchema({
  type: 'clickhouse',
  role: 'sink',
  summary: 'Writes flows and events into tables of ClickHouse, in columns, each row once',
  common: { delivery: { events: 50_000, bytes: '16MiB', wait: '5s' } },
  fields: {
    url,
    database: clickhouseDatabase('default'),
    table_prefix,
    layout: choice(['weir', 'netobserv-example'], {
      description:
        '`weir`: all fields of flows, sums by workload, and events. `netobserv-example`: flows only, in the ' +
        "twelve columns of NetObserv's example consumer",
      default: 'weir',
    }),
    create: clickhouseCreate(
      'Create the database and tables if they are missing, and add missing columns. If disabled, the sink lists ' +
        'missing tables and columns, and waits',
    ),
    ttl,
    writer: clickhouseWriter,
    ...others,
  },
  check(settings) {
    const { layout, distributed } = settings
    if (layout === 'netobserv-example' && distributed)
      return new Complaint("the table of NetObserv's example has no shards", 'remove `distributed`', ['distributed'])
    return checkClickhouse(settings)
  },
})

export type ClickHouseConfig = ConfigOf<typeof clickhouseSchema>
