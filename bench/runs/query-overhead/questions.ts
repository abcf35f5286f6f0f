/** `k`: a number of bytes that every flow exceeds, so that no two statements are equal. */
export type Question = Readonly<{
  what: string
  /** Path and query of the API. */
  api?: (k: number) => string
  /** Over the views of Weir. */
  sql: (k: number) => string
  /** Over the files: `f` has flows, `e` endpoints. */
  duck: (k: number) => string
}>

export const newestPage = 'newest page of 100'

type Parameters = Readonly<Record<string, string>>

function request(path: string, filter: string, more: Parameters) {
  return `/api/v1/${path}?${new URLSearchParams({ from: 'now-24h', filter, ...more }).toString()}`
}

const sumsOf = (path: string, more: Parameters) => (k: number) =>
  request(path, `bytes > ${k}`, { by: 'bytes', ...more })

function pairs(limit: number): Pick<Question, 'sql' | 'duck'> {
  return {
    sql: (k) =>
      `SELECT src_addr, dst_addr, sum(bytes) b FROM flows WHERE bytes > ${k} ` +
      `GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${limit}`,
    duck: (k) =>
      'SELECT s.addr, d.addr, b FROM (SELECT src_ep, dst_ep, sum(bytes) b FROM f ' +
      `WHERE bytes > ${k} GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${limit}) ` +
      'JOIN e s ON s.ep = src_ep JOIN e d ON d.ep = dst_ep',
  }
}

function rowsOf(what: string, address: string, port?: number): Question {
  const own = `SELECT ep FROM e WHERE addr = '${address}'`
  const ports = port === undefined ? '' : ` AND (src_port = ${port} OR dst_port = ${port})`
  return {
    what,
    api: (k) =>
      request('flows', `any.addr = ${address}${port === undefined ? '' : ` and any.port = ${port}`} and bytes > ${k}`, {
        limit: '1000',
      }),
    sql: (k) =>
      `SELECT * FROM flows WHERE bytes > ${k} AND (src_addr = '${address}' OR dst_addr = '${address}')${ports}`,
    duck: (k) => `SELECT * FROM f WHERE bytes > ${k} AND (src_ep IN (${own}) OR dst_ep IN (${own}))${ports}`,
  }
}

export function questionsAbout(address: string): readonly Question[] {
  return [
    {
      what: newestPage,
      api: (k) => request('flows', `bytes > ${k}`, { limit: '100' }),
      sql: (k) => `SELECT * FROM flows WHERE bytes > ${k} ORDER BY time_received DESC LIMIT 100`,
      duck: (k) => `SELECT * FROM f WHERE bytes > ${k} ORDER BY time_received DESC LIMIT 100`,
    },
    {
      what: 'top 10 sources',
      api: sumsOf('flows', { group: 'src_addr', limit: '10' }),
      sql: (k) => `SELECT src_addr, sum(bytes) b FROM flows WHERE bytes > ${k} GROUP BY 1 ORDER BY 2 DESC LIMIT 10`,
      duck: (k) =>
        `SELECT addr, b FROM (SELECT src_ep, sum(bytes) b FROM f WHERE bytes > ${k} GROUP BY 1) ` +
        'JOIN e ON ep = src_ep ORDER BY b DESC LIMIT 10',
    },
    { what: 'top 10 pairs', api: sumsOf('flows', { group: 'src_addr,dst_addr', limit: '10' }), ...pairs(10) },
    { what: 'topology, 500 edges', api: sumsOf('topology', { scope: 'addr', limit: '500' }), ...pairs(500) },
    rowsOf('one address, all rows', address),
    rowsOf('one address and port', address, 443),
    {
      what: 'distinct addresses',
      sql: (k) => `SELECT count(DISTINCT src_addr), count(DISTINCT dst_addr) FROM flows WHERE bytes > ${k}`,
      duck: (k) => `SELECT count(DISTINCT src_ep), count(DISTINCT dst_ep) FROM f WHERE bytes > ${k}`,
    },
    {
      what: 'series by minute',
      api: (k) => request('series', `bytes > ${k}`, { step: '1m' }),
      sql: (k) =>
        `SELECT date_trunc('minute', time_end) t, sum(bytes) FROM flows WHERE bytes > ${k} GROUP BY 1 ORDER BY 1`,
      duck: (k) =>
        `SELECT date_trunc('minute', time_end) t, sum(bytes) FROM f WHERE bytes > ${k} GROUP BY 1 ORDER BY 1`,
    },
    {
      what: 'p99 of bytes by protocol',
      api: (k) => request('flows', `bytes > ${k}`, { group: 'proto', by: 'p99', of: 'bytes' }),
      sql: (k) => `SELECT proto, quantile_disc(bytes, 0.99) FROM flows WHERE bytes > ${k} GROUP BY 1`,
      duck: (k) => `SELECT proto, quantile_disc(bytes, 0.99) FROM f WHERE bytes > ${k} GROUP BY 1`,
    },
    {
      what: 'conversations',
      api: (k) => request('conversations', `bytes > ${k}`, { limit: '100' }),
      sql: (k) =>
        'SELECT src_addr, dst_addr, src_port, dst_port, proto, sum(bytes) b FROM flows ' +
        `WHERE bytes > ${k} GROUP BY ALL ORDER BY b DESC LIMIT 100`,
      duck: (k) =>
        'SELECT least(src_ep, dst_ep) a, greatest(src_ep, dst_ep) z, ' +
        'CASE WHEN src_ep < dst_ep THEN src_port ELSE dst_port END x, ' +
        'CASE WHEN src_ep < dst_ep THEN dst_port ELSE src_port END y, proto, sum(bytes) b FROM f ' +
        `WHERE bytes > ${k} GROUP BY ALL ORDER BY b DESC LIMIT 100`,
    },
  ]
}
