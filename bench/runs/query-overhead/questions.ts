/** `k`: see {@link Varied}. */
export type Question = Readonly<{
  what: string
  /** Paths and queries of the API, which together answer it. */
  api: (k: number) => readonly string[]
  /** Over the views of Weir. */
  sql: (k: number) => string
  /** Over the files: `f` has flows, `e` endpoints. */
  duck: (k: number) => string
}>

export const newestPage = 'newest page of 100'

/** So that no two statements are equal: parameters of the API, and a condition of SQL and of ClickHouse. */
export type Varied = (k: number) => Readonly<{ from: string; filter: string; sql: string; clickhouse: string }>

/** Of any size: no sums can answer. */
export const byBytes: Varied = (k) => {
  const condition = `bytes > ${k}`
  return { from: 'now-24h', filter: condition, sql: condition, clickhouse: condition }
}

/** Ranges that begin within the flows of a span, in Unix ms. */
export function byTime(oldest: number, newest: number): Varied {
  return (k) => {
    const from = Math.round(oldest + (newest - oldest) * (0.04 + 0.027 * k))
    return {
      from: String(from),
      filter: '',
      sql: `time_received >= make_timestamptz(${from * 1000})`,
      clickhouse: `time_received >= fromUnixTimestamp64Milli(toInt64(${from}))`,
    }
  }
}

type Parameters = Readonly<Record<string, string>>

function request(path: string, { from, filter }: ReturnType<Varied>, more: Parameters) {
  return `/api/v1/${path}?${new URLSearchParams({ from, filter, ...more }).toString()}`
}

/** Of addresses in files: one each, or another one on another day. */
export type AddressIds = 'single' | 'several'

function pairs(limit: number, vary: Varied, ids: AddressIds): Pick<Question, 'sql' | 'duck'> {
  const largest = (rows: string) => `SELECT src_ep, dst_ep, sum(bytes) b FROM ${rows} ORDER BY 3 DESC LIMIT ${limit}`
  const named = 'JOIN e s ON s.ep = src_ep JOIN e d ON d.ep = dst_ep'
  return {
    sql: (k) =>
      `SELECT src_addr, dst_addr, sum(bytes) b FROM flows WHERE ${vary(k).sql} ` +
      `GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${limit}`,
    duck: (k) => {
      const { sql } = vary(k)
      if (ids === 'single') return `SELECT s.addr, d.addr, b FROM (${largest(`f WHERE ${sql} GROUP BY 1, 2`)}) ${named}`
      const ofFirst = 'f JOIN firsts s ON s.ep = f.src_ep JOIN firsts d ON d.ep = f.dst_ep'
      const rows = `(SELECT s.first AS src_ep, d.first AS dst_ep, bytes FROM ${ofFirst} WHERE ${sql}) GROUP BY 1, 2`
      return (
        'WITH firsts AS MATERIALIZED (SELECT ep, min(ep) OVER (PARTITION BY addr) AS first FROM e) ' +
        `SELECT s.addr, d.addr, b FROM (${largest(rows)}) ${named}`
      )
    },
  }
}

function rowsOf(what: string, vary: Varied, address: string, port?: number): Question {
  const own = `SELECT ep FROM e WHERE addr = '${address}'`
  const ports = port === undefined ? '' : ` AND (src_port = ${port} OR dst_port = ${port})`
  return {
    what,
    api: (k) => {
      const { filter, ...varied } = vary(k)
      const tests = [`any.addr = ${address}`, ...(port === undefined ? [] : [`any.port = ${port}`]), filter]
      return [request('flows', { ...varied, filter: tests.filter(Boolean).join(' and ') }, { limit: '1000' })]
    },
    sql: (k) =>
      `SELECT * FROM flows WHERE ${vary(k).sql} AND (src_addr = '${address}' OR dst_addr = '${address}')${ports}`,
    duck: (k) => `SELECT * FROM f WHERE ${vary(k).sql} AND (src_ep IN (${own}) OR dst_ep IN (${own}))${ports}`,
  }
}

export function questionsAbout(
  address: string,
  { ids, vary = byBytes }: Readonly<{ ids: AddressIds; vary?: Varied }>,
): readonly Question[] {
  const sumsOf = (path: string, more: Parameters) => (k: number) => [request(path, vary(k), { by: 'bytes', ...more })]
  return [
    {
      what: newestPage,
      api: (k) => [request('flows', vary(k), { limit: '100' })],
      sql: (k) => `SELECT * FROM flows WHERE ${vary(k).sql} ORDER BY time_received DESC LIMIT 100`,
      duck: (k) => `SELECT * FROM f WHERE ${vary(k).sql} ORDER BY time_received DESC LIMIT 100`,
    },
    {
      what: 'top 10 sources',
      api: sumsOf('flows', { group: 'src_addr', limit: '10' }),
      sql: (k) => `SELECT src_addr, sum(bytes) b FROM flows WHERE ${vary(k).sql} GROUP BY 1 ORDER BY 2 DESC LIMIT 10`,
      duck: (k) =>
        `SELECT addr, sum(b) FROM (SELECT src_ep, sum(bytes) b FROM f WHERE ${vary(k).sql} GROUP BY 1) ` +
        'JOIN e ON ep = src_ep GROUP BY 1 ORDER BY 2 DESC LIMIT 10',
    },
    {
      what: 'top 10 pairs',
      api: sumsOf('flows', { group: 'src_addr,dst_addr', limit: '10' }),
      ...pairs(10, vary, ids),
    },
    { what: 'topology, 500 edges', api: sumsOf('topology', { scope: 'addr', limit: '500' }), ...pairs(500, vary, ids) },
    rowsOf('one address, all rows', vary, address),
    rowsOf('one address and port', vary, address, 443),
    {
      what: 'distinct addresses',
      api: (k) => [request('flows/distinct', vary(k), { fields: 'src_addr,dst_addr' })],
      sql: (k) => `SELECT count(DISTINCT src_addr), count(DISTINCT dst_addr) FROM flows WHERE ${vary(k).sql}`,
      duck: (k) => `SELECT count(DISTINCT src_ep), count(DISTINCT dst_ep) FROM f WHERE ${vary(k).sql}`,
    },
    {
      what: 'series by minute',
      api: (k) => [request('series', vary(k), { step: '1m' })],
      sql: (k) =>
        `SELECT date_trunc('minute', time_end) t, sum(bytes) FROM flows WHERE ${vary(k).sql} GROUP BY 1 ORDER BY 1`,
      duck: (k) =>
        `SELECT date_trunc('minute', time_end) t, sum(bytes) FROM f WHERE ${vary(k).sql} GROUP BY 1 ORDER BY 1`,
    },
    {
      what: 'p99 of bytes by protocol',
      api: (k) => [request('flows', vary(k), { group: 'proto', by: 'p99', of: 'bytes' })],
      sql: (k) => `SELECT proto, quantile_disc(bytes, 0.99) FROM flows WHERE ${vary(k).sql} GROUP BY 1`,
      duck: (k) => `SELECT proto, quantile_disc(bytes, 0.99) FROM f WHERE ${vary(k).sql} GROUP BY 1`,
    },
    {
      what: 'conversations',
      api: (k) => [request('conversations', vary(k), { limit: '100' })],
      sql: (k) =>
        'SELECT src_addr, dst_addr, src_port, dst_port, proto, sum(bytes) b FROM flows ' +
        `WHERE ${vary(k).sql} GROUP BY ALL ORDER BY b DESC LIMIT 100`,
      duck: (k) =>
        'SELECT least(src_ep, dst_ep) a, greatest(src_ep, dst_ep) z, ' +
        'CASE WHEN src_ep < dst_ep THEN src_port ELSE dst_port END x, ' +
        'CASE WHEN src_ep < dst_ep THEN dst_port ELSE src_port END y, proto, sum(bytes) b FROM f ' +
        `WHERE ${vary(k).sql} GROUP BY ALL ORDER BY b DESC LIMIT 100`,
    },
  ]
}
