import { group, mapping, variants } from './collections.ts'
import { Complaint } from './complaint.ts'
import type { ValuesOf } from './field.ts'
import { headersComplaint } from './header-fields.ts'
import { duration } from './quantities.ts'
import { choice, flag, integer, secret, text, urlText } from './scalars.ts'
import { tls, userFields } from './shared.ts'

const age = (what: string, usual: string) =>
  duration({ description: `Age at which ${what} are removed from a created table`, default: usual }, { min: '1h' })

const name = { pattern: /[A-Za-z_][A-Za-z0-9_]{0,63}/, expects: 'a name of letters, digits and `_`' }

const ownHeaders = /^(?:authorization|content-.*|x-clickhouse-.*|host|connection|transfer-encoding)$/i

export function clickhouseDatabase(usual: string) {
  return text({ description: 'Database of the tables', default: usual }, name)
}

export function clickhouseCreate(description: string) {
  return flag({ description, default: true })
}

export const clickhouseWriter = text({
  description:
    'Name of this instance in column `_writer`. Rows of several instances in one table remain distinct if ' +
    'their names differ. Unset: the id of the sink',
  default: null,
  example: 'weir-eu',
})

export const clickhouseFields = {
  url: urlText(
    {
      description: 'URL of the HTTP interface: port 8123, or 8443 with TLS',
      required: true,
      example: 'https://clickhouse.example.com:8443',
    },
    { schemes: ['http', 'https'] },
  ),
  table_prefix: text(
    { description: 'Beginning of the names of all tables: `weir_` yields `weir_flows`', default: 'weir_' },
    { pattern: /(?:[A-Za-z_][A-Za-z0-9_]{0,47})?/, expects: 'letters, digits and `_`, or an empty text' },
  ),
  ttl: group(
    {
      flows: age('flows', '30d'),
      events: age('events', '90d'),
      flows_1m: age('sums by minute', '7d'),
      flows_5m: age('sums by five minutes', '60d'),
      flows_1h: age('sums by hour', '400d'),
    },
    { description: 'Retention of created tables; the TTL of existing tables is not changed', default: {} },
  ),
  cluster: text(
    {
      description:
        'Cluster of ClickHouse on which the tables are created, replicated by Keeper. Unset: tables of one server',
      default: null,
      example: 'main',
    },
    name,
  ),
  distributed: flag({
    description:
      'Create a `Distributed` table over the shards of `cluster`; the rows are in tables with the suffix `_local`',
    default: false,
  }),
  compression: choice(['zstd', 'gzip', 'none'], {
    description: 'Compression of the rows on the way to the server',
    default: 'zstd',
  }),
  async_below: integer(
    {
      description:
        'Inserts with fewer rows are collected by the server (`async_insert`), which answers when they are ' +
        'stored. For many instances with few rows; 0: never',
      unit: 'rows',
      default: 0,
    },
    { min: 0, max: 50_000 },
  ),
  timeout: duration(
    { description: 'Timeout of one request; creating tables on a cluster may need more', default: '60s' },
    { min: '10ms' },
  ),
  headers: mapping(text({ description: 'Value of a header', required: true, example: 'edge' }), {
    description: 'Additional headers of every request, for a proxy',
    default: {},
    example: { 'x-site': 'edge' },
  }),
  auth: variants(
    {
      none: {},
      basic: userFields('file:/run/secrets/clickhouse-password'),
      certificate: { user: text({ description: 'User of the client certificate', required: true, example: 'weir' }) },
      bearer: {
        token: secret({
          description: 'JSON web token',
          required: true,
          example: 'file:/run/secrets/clickhouse-token',
        }),
      },
    },
    {
      description: 'Login. `certificate`: the certificate of `tls` authenticates the user. `none`: user `default`',
      default: { type: 'none' },
    },
  ),
  tls,
}

type Values = ValuesOf<typeof clickhouseFields>

/** Checks settings that depend on each other; null: valid. */
export function checkClickhouse({
  url,
  tls: settings,
  auth,
  headers,
  cluster,
  distributed,
}: Pick<Values, 'url' | 'tls' | 'auth' | 'headers' | 'cluster' | 'distributed'>): Complaint | null {
  const parsed = new URL(url)
  if (parsed.port === '9000' || parsed.port === '9440') {
    const [scheme, port] = parsed.port === '9000' ? ['http', 8123] : ['https', 8443]
    return new Complaint(
      `port ${parsed.port} speaks ClickHouse's native protocol; Weir uses its HTTP interface`,
      `write \`${scheme}://${parsed.hostname}:${port}\`, the HTTP port of the same server`,
      ['url'],
    )
  }
  if (parsed.search !== '' || parsed.hash !== '')
    return new Complaint('the URL has a query', 'use the settings `database`, `auth` and `headers` instead', ['url'])
  if (settings !== null && parsed.protocol === 'http:')
    return new Complaint('`tls` is set, but the URL is plain http', 'write https:// and the port of TLS (8443)', [
      'url',
    ])
  if (auth.type === 'certificate' && (settings?.cert_file ?? null) === null)
    return new Complaint(
      '`auth` names the user of a certificate, but `tls` has none',
      'set `tls.cert_file` and ' + '`tls.key_file`',
      ['auth'],
    )
  if (distributed && cluster === null)
    return new Complaint('`distributed` needs the shards of a cluster', 'set `cluster`', ['distributed'])
  return headersComplaint(headers, ownHeaders)
}
