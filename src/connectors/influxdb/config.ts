import {
  auth,
  bytes,
  choice,
  Complaint,
  defineSchema,
  integer,
  list,
  mapping,
  secret,
  text,
  tls,
  urlText,
  type ConfigOf,
  plainUrlComplaint,
  sendTimeout,
} from '../../schema/index.ts'

export const influxdbSchema = defineSchema({
  type: 'influxdb',
  role: 'sink',
  summary: 'Writes points, flows and numeric fields of events to InfluxDB or VictoriaMetrics in line protocol',
  fields: {
    url: urlText(
      { description: 'Base URL of the server', required: true, example: 'http://influxdb:8086' },
      { schemes: ['http', 'https'] },
    ),
    api: choice(['v2', 'v1'], {
      description: 'Write API: `v2` is `/api/v2/write` with a bucket, `v1` is `/write` with a database',
      default: 'v2',
    }),
    bucket: text({
      description:
        'Bucket; with `api: v1` the database, which must exist. VictoriaMetrics ignores a bucket, and has a database ' +
        'as label `db`',
      required: true,
      example: 'default',
    }),
    org: text({ description: 'Organization of the bucket, for `api: v2`', default: null, example: 'influxdata' }),
    retention_policy: text({ description: 'Retention policy, for `api: v1`', default: null, example: 'month' }),
    token: secret({
      description: 'API token. Unset: `auth` is used',
      default: null,
      example: 'file:/run/secrets/influxdb',
      usual: true,
    }),
    measurement: text({
      description: 'Measurement of all rows. Unset: the name of a point, `flow`, or the family of an event',
      default: null,
      example: 'tick',
    }),
    tags: list(text({ description: 'Name of a tag', required: true, example: 'symbol' }), {
      description:
        'Tags of events and flows: members of their data (nested ones joined by `_`), or `source`, `type`, ' +
        '`subject`. A point has its labels',
      default: [],
      example: ['symbol', 'exchange'],
    }),
    fields: list(text({ description: 'Name of a field', required: true, example: 'price' }), {
      description:
        'Fields of events and flows, by the names of their data. Empty: every number and boolean; of flows and log ' +
        'lines the texts too',
      default: [],
      example: ['price', 'volume'],
    }),
    types: mapping(
      choice(['float', 'int', 'uint', 'bool', 'text'], { description: 'Type', required: true, example: 'int' }),
      {
        description:
          'Types of fields; texts are converted. Others: numbers are floats, and of flows integers. A value that ' +
          'does not fit is dropped and counted',
        default: {},
        example: { volume: 'int' },
      },
    ),
    request_lines: integer(
      { description: 'Maximum lines of one request', unit: 'lines', default: 5000 },
      { min: 1, max: 100_000 },
    ),
    request_bytes: bytes(
      { description: 'Maximum size of one request, before compression', default: '4MiB' },
      { min: '1KiB', max: '64MiB' },
    ),
    compression: choice(['gzip', 'none'], { description: 'Compression of requests', default: 'gzip' }),
    timeout: sendTimeout('10s'),
    auth,
    tls,
  },
  check({ url, api, org, retention_policy, tags, fields, token, auth: login, tls: tlsSettings }) {
    if (api === 'v1' && org !== null)
      return new Complaint('`org` is for `api: v2`', 'remove it, or set `api: v2`', ['org'])
    if (api === 'v2' && retention_policy !== null)
      return new Complaint('`retention_policy` is for `api: v1`', 'write `bucket: database/policy`', [
        'retention_policy',
      ])
    const both = tags.findIndex((tag) => fields.includes(tag))
    if (both >= 0) return new Complaint(`\`${tags[both]}\` is a tag and a field`, 'remove one', ['tags', both])
    if (token !== null && login.type !== 'none')
      return new Complaint('`token` and `auth` are both set', 'remove one', ['token'])
    return plainUrlComplaint({ url, tls: tlsSettings })
  },
})

export type InfluxdbConfig = ConfigOf<typeof influxdbSchema>
