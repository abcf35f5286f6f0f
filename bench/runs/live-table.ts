import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { ExportLoad } from '../../test/kit/flow-load/exports.ts'
import { FlowSender } from '../../test/kit/flow-sender.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'

const rate = 20_000
const columns = [
  'time_received',
  'time_end',
  'src_addr',
  'dst_addr',
  'src_port',
  'dst_port',
  'proto',
  'bytes',
  'packets',
]
/** Of flows that arrive in a second. */
const arriving = 10_000
/** Of the table to the ring. */
const maxRatio = 2

/** The same rows of the ring by the API, and of a table by SQL. */
type View = Readonly<{ what: string; path: string; parameters: Readonly<Record<string, string>>; sql: string }>

const newest = 'SELECT * FROM flows'
const sums = 'sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS flows'
const views: readonly View[] = [
  {
    what: 'newest page',
    path: 'flows',
    parameters: { limit: '100' },
    sql: `${newest} ORDER BY time_received DESC LIMIT 100`,
  },
  {
    what: 'newest page of a port',
    path: 'flows',
    parameters: { limit: '100', filter: 'dst_port = 5432' },
    sql: `${newest} WHERE dst_port = 5432 ORDER BY time_received DESC LIMIT 100`,
  },
  {
    what: 'top sources',
    path: 'flows',
    parameters: { group: 'src_addr', limit: '10' },
    sql: `SELECT src_addr, ${sums} FROM flows GROUP BY 1 ORDER BY 2 DESC LIMIT 10`,
  },
  {
    what: 'top pairs',
    path: 'flows',
    parameters: { group: 'src_addr,dst_addr', limit: '10' },
    sql: `SELECT src_addr, dst_addr, ${sums} FROM flows GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10`,
  },
  {
    what: 'protocols',
    path: 'flows',
    parameters: { group: 'proto', limit: '10' },
    sql: `SELECT proto, ${sums} FROM flows GROUP BY 1 ORDER BY 2 DESC LIMIT 10`,
  },
  {
    what: 'series by protocol',
    path: 'series',
    parameters: { group: 'proto', step: '1s' },
    sql: `SELECT time_bucket(INTERVAL 1 second, time_end) AS time, proto, ${sums} FROM flows GROUP BY 1, 2 ORDER BY 1`,
  },
  {
    what: 'topology',
    path: 'topology',
    parameters: { scope: 'addr', limit: '500' },
    sql: `SELECT src_addr, dst_addr, ${sums} FROM flows GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 500`,
  },
  {
    what: 'distinct addresses',
    path: 'flows/distinct',
    parameters: { fields: 'src_addr,dst_addr' },
    sql: 'SELECT count(DISTINCT src_addr), count(DISTINCT dst_addr) FROM flows',
  },
]

export default {
  name: 'live-table',
  issue: '59.4',
  title: 'Requests over the newest flows in memory, from the ring and from a table of DuckDB.',
  async run(context) {
    const flows = context.size(600_000, 5000)
    await using weir = await startWeir({ folder: context.folder, config: { store: { enabled: 'none' } } })
    const held = await send(context, weir, flows)
    const file = join(context.folder, 'flows.csv')
    const exported = await fetch(`${weir.url}/api/v1/export?from=now-15m&columns=${columns.join(',')}`)
    await writeFile(file, new Uint8Array(await exported.arrayBuffer()))
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await instance.connect()
    try {
      await connection.run(`CREATE TABLE flows AS FROM read_csv('${file}')`)
      const [[rows] = []] = (await connection.runAndReadAll('SELECT count(*)::INTEGER FROM flows')).getRows()
      context.figure('flows in the ring, and in the table', `${held} and ${rows}`)
      context.expect(rows === held, 'the table has the flows of the ring')
      for (const view of views) await compare(context, { weir, connection }, view)
      context.figure(`${arriving} rows into the table and as many out of it`, await arrivalMs(connection, file), 'ms')
    } finally {
      connection.closeSync()
      instance.closeSync()
    }
  },
} satisfies AcceptanceRun

async function send(context: AcceptanceContext, weir: WeirProcess, flows: number) {
  const perDatagram = 30
  const load = new ExportLoad({ protocol: 'netflow5', perDatagram, addresses: 60_000, seed: context.seed })
  const sender = new FlowSender({ port: weir.ports.netflow, rate, perDatagram, load })
  await sender.start()
  while (sender.sent < flows) await sleep(20)
  await sender.close()
  // Those of the last second are on their way.
  for (let attempt = 0; attempt < 100 && (await flowsIn(weir)) < sender.sent; attempt++) await sleep(100)
  return flowsIn(weir)
}

async function flowsIn(weir: WeirProcess) {
  const { total } = await weir.get<{ total: { flows: number } }>('/api/v1/flows?from=now-15m&group=proto&limit=1')
  return total.flows
}

type Both = Readonly<{ weir: WeirProcess; connection: DuckDBConnection }>

async function compare(context: AcceptanceContext, { weir, connection }: Both, view: View) {
  const { what, path, parameters, sql } = view
  const [ofRing, ofTable]: [number[], number[]] = [[], []]
  for (let round = 0; round <= context.size(20, 1); round++) {
    const query = new URLSearchParams({ from: 'now-15m', ...parameters }).toString()
    ofRing.push(await ms(() => weir.get(`/api/v1/${path}?${query}`)))
    // With JSON, as a response has.
    ofTable.push(await ms(async () => JSON.stringify((await connection.runAndReadAll(sql)).getRowsJson())))
  }
  const [ring, table] = [percentile(ofRing.slice(1), 50), percentile(ofTable.slice(1), 50)]
  context.figure(what, `ring ${ring.toFixed(1)} ms, table ${table.toFixed(1)} ms, ${(table / ring).toFixed(2)} times`)
  context.figure(`${what}: within ${maxRatio} times`, table <= maxRatio * ring ? 'yes' : 'no')
}

async function ms(run: () => Promise<unknown>) {
  const began = performance.now()
  await run()
  return performance.now() - began
}

async function arrivalMs(connection: DuckDBConnection, file: string) {
  await connection.run(`CREATE TABLE arriving AS FROM read_csv('${file}') LIMIT ${arriving}`)
  const times: number[] = []
  for (let round = 0; round < 5; round++)
    times.push(
      await ms(async () => {
        await connection.run('INSERT INTO flows FROM arriving')
        await connection.run(`DELETE FROM flows WHERE rowid IN (SELECT rowid FROM flows LIMIT ${arriving})`)
      }),
    )
  return percentile(times, 50)
}
