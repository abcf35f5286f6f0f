/** Statements of the questions of `query-overhead` for other engines, by their name there. */
export type PeerStatements = Readonly<{
  /** Over the table `flows`. */
  clickhouse: string
  /** Arguments of nfdump. */
  nfdump?: readonly string[]
}>

/** One condition in the languages of the engines. nfdump has no ranges by time of receipt. */
export type PeerCondition = Readonly<{ clickhouse: string; nfdump?: string }>

/** As a site would define it: sorted by time, then source. */
export const clickhouseTable = `CREATE TABLE flows (
    time_received DateTime64(3) CODEC(Delta, ZSTD(1)), time_end DateTime64(3) CODEC(Delta, ZSTD(1)),
    src_addr IPv6 CODEC(ZSTD(1)), dst_addr IPv6 CODEC(ZSTD(1)), src_port UInt16 CODEC(ZSTD(1)),
    dst_port UInt16 CODEC(ZSTD(1)), proto UInt8, tcp_flags UInt16, in_if UInt32, out_if UInt32,
    bytes UInt64 CODEC(ZSTD(1)), packets UInt64 CODEC(ZSTD(1)), src_as UInt32, dst_as UInt32)
  ENGINE = MergeTree PARTITION BY toDate(time_received) ORDER BY (toStartOfMinute(time_received), src_addr)`

/** The columns of {@link clickhouseTable} from the views `f` and `e` of plain DuckDB. */
export const flatColumns =
  'f.time_received, f.time_end, s.addr AS src_addr, d.addr AS dst_addr, src_port, dst_port, proto, tcp_flags, in_if, ' +
  'out_if, bytes, packets, src_as, dst_as'

/** Reads the flat file into the table. */
export function insertFrom(file: string): string {
  const columns = flatColumns
    .split(', ')
    .map((column) => column.replace(/.* AS /, '').replace('f.', ''))
    .map((column) => (column.endsWith('_addr') ? `toIPv6(${column})` : column))
  return `INSERT INTO flows SELECT ${columns.join(', ')} FROM file('${file}', Parquet)`
}

export function statementsAbout(
  address: string,
  { clickhouse: condition, nfdump }: PeerCondition,
): ReadonlyMap<string, PeerStatements> {
  const v6 = `toIPv6('${address}')`
  const either = `(src_addr = ${v6} OR dst_addr = ${v6})`
  const sums = (columns: string, limit: number) =>
    `SELECT ${columns}, sum(bytes) b FROM flows WHERE ${condition} GROUP BY ${columns} ORDER BY b DESC LIMIT ${limit}`
  const dumped = (given: readonly string[], more = '') =>
    nfdump === undefined ? {} : { nfdump: [...given, `${nfdump}${more}`] }
  return new Map<string, PeerStatements>([
    [
      'newest page of 100',
      { clickhouse: `SELECT * FROM flows WHERE ${condition} ORDER BY time_received DESC LIMIT 100` },
    ],
    [
      'top 10 sources',
      {
        clickhouse: sums('src_addr', 10),
        ...dumped(['-s', 'srcip/bytes', '-n', '10']),
      },
    ],
    [
      'top 10 pairs',
      {
        clickhouse: sums('src_addr, dst_addr', 10),
        ...dumped(['-A', 'srcip,dstip', '-O', 'bytes', '-n', '10']),
      },
    ],
    ['topology, 500 edges', { clickhouse: sums('src_addr, dst_addr', 500) }],
    [
      'one address, all rows',
      {
        clickhouse: `SELECT * FROM flows WHERE ${condition} AND ${either}`,
        ...dumped(['-o', 'csv'], ` and ip ${address}`),
      },
    ],
    [
      'one address and port',
      {
        clickhouse: `SELECT * FROM flows WHERE ${condition} AND ${either} AND (src_port = 443 OR dst_port = 443)`,
        ...dumped(['-o', 'csv'], ` and ip ${address} and port 443`),
      },
    ],
    [
      'distinct addresses',
      { clickhouse: `SELECT uniqExact(src_addr), uniqExact(dst_addr) FROM flows WHERE ${condition}` },
    ],
    [
      'series by minute',
      {
        clickhouse:
          `SELECT toStartOfMinute(time_end) t, sum(bytes) FROM flows WHERE ${condition} ` + 'GROUP BY t ORDER BY t',
      },
    ],
    [
      'p99 of bytes by protocol',
      { clickhouse: `SELECT proto, quantileExact(0.99)(bytes) FROM flows WHERE ${condition} GROUP BY proto` },
    ],
    [
      'conversations',
      {
        clickhouse:
          'SELECT least(src_addr, dst_addr) a, greatest(src_addr, dst_addr) z, ' +
          'if(src_addr < dst_addr, src_port, dst_port) x, if(src_addr < dst_addr, dst_port, src_port) y, proto, ' +
          `sum(bytes) b FROM flows WHERE ${condition} GROUP BY a, z, x, y, proto ORDER BY b DESC LIMIT 100`,
      },
    ],
  ])
}
