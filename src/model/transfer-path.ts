/** How the bytes of a flow cross a cloud network: the part of the price that the flow alone decides. */

export const transferPaths = [
  'same_zone',
  'cross_zone',
  'internet_out',
  'internet_in',
  'service',
  'source_zone_unknown',
  'destination_zone_unknown',
  'zones_unknown',
  'private_peer',
  'outside',
] as const

type Engine = 'duckdb' | 'clickhouse'
type End = 'src' | 'dst'

/** Columns of flows that {@link transferPathSql} reads. */
export const transferColumns: readonly string[] = (['src', 'dst'] as const).flatMap((end) =>
  ['addr', 'zone', 'kind', 'namespace', 'owner_name', 'node'].map((part) => `${end}_${part}`),
)

/**
 * Addresses that no provider routes to the internet: RFC 1918, 6598, 3927, 4193, loopback, link-local, multicast and
 * unspecified ones. `text` is an RE2 expression of their text.
 */
const privateAddresses: readonly Readonly<{ text: string; from: string; to: string }>[] = [
  { text: '(0|10|127)\\.', from: '::ffff:0.0.0.0', to: '::ffff:0.255.255.255' },
  { text: '', from: '::ffff:10.0.0.0', to: '::ffff:10.255.255.255' },
  { text: '', from: '::ffff:127.0.0.0', to: '::ffff:127.255.255.255' },
  { text: '192\\.168\\.', from: '::ffff:192.168.0.0', to: '::ffff:192.168.255.255' },
  { text: '172\\.(1[6-9]|2[0-9]|3[01])\\.', from: '::ffff:172.16.0.0', to: '::ffff:172.31.255.255' },
  { text: '100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.', from: '::ffff:100.64.0.0', to: '::ffff:100.127.255.255' },
  { text: '169\\.254\\.', from: '::ffff:169.254.0.0', to: '::ffff:169.254.255.255' },
  { text: '(22[4-9]|2[3-5][0-9])\\.', from: '::ffff:224.0.0.0', to: '::ffff:255.255.255.255' },
  { text: 'f[cd][0-9a-f]{2}:', from: 'fc00::', to: 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' },
  { text: 'fe[89ab][0-9a-f]:', from: 'fe80::', to: 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff' },
  { text: 'ff[0-9a-f]{2}:', from: 'ff00::', to: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' },
  { text: '::1?$', from: '::', to: '::1' },
]

/** False for an absent address. */
export function isPrivateSql(engine: Engine, end: End): string {
  return isPrivateAddressSql(engine, `${end}_addr`)
}

export function isPrivateAddressSql(engine: Engine, column: string): string {
  if (engine === 'clickhouse') {
    const ranges = privateAddresses.map(({ from, to }) => `${column} BETWEEN toIPv6('${from}') AND toIPv6('${to}')`)
    return `ifNull(${ranges.join(' OR ')}, false)`
  }
  const texts = privateAddresses.flatMap(({ text }) => (text === '' ? [] : [text]))
  return `coalesce(regexp_matches(${column}, '^(${texts.join('|')})'), false)`
}

const insideParts = ['zone', 'kind', 'namespace', 'owner_name', 'node'] as const

/** The end is an object of a cluster. */
export function isInsideSql(end: End): string {
  return `(${insideParts.map((part) => `${end}_${part} IS NOT NULL`).join(' OR ')})`
}

/** One of {@link transferPaths}. Nodes have one zone, so that flows within a node need no zone. */
export function transferPathSql(engine: Engine): string {
  const [src, dst] = [isInsideSql('src'), isInsideSql('dst')]
  const within = `CASE
      WHEN src_zone IS NOT NULL AND dst_zone IS NOT NULL AND src_zone = dst_zone THEN 'same_zone'
      WHEN src_zone IS NOT NULL AND dst_zone IS NOT NULL THEN 'cross_zone'
      WHEN src_node IS NOT NULL AND dst_node IS NOT NULL AND src_node = dst_node THEN 'same_zone'
      WHEN (src_zone IS NULL AND src_kind = 'Service') OR (dst_zone IS NULL AND dst_kind = 'Service') THEN 'service'
      WHEN src_zone IS NOT NULL THEN 'destination_zone_unknown'
      WHEN dst_zone IS NOT NULL THEN 'source_zone_unknown' ELSE 'zones_unknown' END`
  return `CASE WHEN ${src} AND ${dst} THEN ${within}
      WHEN ${src} THEN CASE WHEN ${isPrivateSql(engine, 'dst')} THEN 'private_peer' ELSE 'internet_out' END
      WHEN ${dst} THEN CASE WHEN ${isPrivateSql(engine, 'src')} THEN 'private_peer' ELSE 'internet_in' END
      ELSE 'outside' END`
}
