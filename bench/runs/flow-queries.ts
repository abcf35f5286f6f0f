import { join } from 'node:path'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { startApi, type RunningApi } from '../../src/api/index.ts'
import type { StoredSums } from '../../src/engine/control.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { recordingLog } from '../../src/store/testing/frames.ts'
import { get, measure } from '../../test/kit/query-api.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { storeWeek, type Week } from './flow-queries/week.ts'

const pageLimit = 300
const pairsLimit = 1000
const seriesLimit = 300
const requests = { full: 20, ci: 2 }

interface Answer {
  readonly rows: readonly (readonly unknown[])[]
  readonly columns: readonly { readonly name: string }[]
  readonly next: string | null
  readonly source: string
  readonly exact: boolean
}

export default {
  name: 'flow-queries',
  issue: '3.4',
  title:
    'Ten million stored flows: a filtered first page and a series of a week within 300 ms. The top pairs of ' +
    'a day take at most a second.',
  async run(context) {
    const week = await storeWeek(join(context.folder, 'store'), context.seed, context.size(10_000_000, 80_000))
    const status = week.store.status()
    context.figure('flows stored', week.flows)
    context.figure('files', status.files)
    context.figure('stored', status.bytes / week.flows, 'bytes per flow, rollups and endpoints included')
    context.figure('time to store them', week.seconds, 's')
    const control = new RecordingControl()
    control.store = {
      query: (sql, format, signal) => week.store.reader.query(sql, format, signal),
      edges: (request, signal) => week.store.reader.edges(request, signal),
      sums: () => Promise.resolve(manySums(week.store.status().sums)),
    }
    const api = await startApi({
      listen: { host: '127.0.0.1', port: 0 },
      auth: { tokens: [] },
      httpAuth: 'api',
      log: recordingLog(),
      host: week.host,
      version: '0.0.0-bench',
      control,
    })
    try {
      await questions(context, api, week)
      await pages(context, api, week)
    } finally {
      await api.close()
      await week.store.close()
    }
  },
} satisfies AcceptanceRun

/** CI scale has too few flows for rollups; this counts their results, too. */
function manySums(sums: StoredSums): StoredSums {
  return { ...sums, flows: { ...sums.flows, rows: Math.max(sums.flows.rows, 10_000_000) } }
}

async function questions(context: AcceptanceContext, api: RunningApi, week: Week) {
  const read = (what: string, path: string, parameters: Readonly<Record<string, string>>) =>
    measure<Answer>(context, api, { what, path, requests: requests[context.scale] }, () => parameters)
  for (const [what, parameters] of [
    ['page of a day, by port and size', { filter: 'dst_port = 443 and bytes >= 100k', from: 'now-24h' }],
    ['page of a week, of one address', { filter: 'src_addr = 10.0.1.7', from: 'now-7d' }],
    [
      'page of a week, of a network, largest first',
      { filter: 'dst_addr = 10.16.3.0/24 and proto = 17', from: 'now-7d', sort: '-bytes' },
    ],
  ] as const) {
    const { p95, answers } = await read(what, 'flows', parameters)
    const answer = answers.at(-1) as Answer
    context.expect(answer.rows.length > 0, `${what}: there are rows (${answer.rows.length})`)
    context.expectSpeed(p95 < pageLimit, `${what}: within ${pageLimit} ms`)
  }
  for (const source of ['auto', 'raw']) {
    const what = `top pairs of a day, ${source}`
    const { p95, answers } = await read(what, 'topology', { from: 'now-24h', limit: '100', source })
    const answer = answers.at(-1) as Answer
    context.figure(`${what}: from`, `${answer.source}${answer.exact ? '' : ', not exact'}`)
    context.expect(answer.rows.length === 100, `${what}: a hundred pairs`)
    context.expectSpeed(p95 < pairsLimit, `${what}: within ${pairsLimit} ms`)
  }
  for (const [what, parameters] of [
    ['series of a week', { step: '1h' }],
    ['series of a week, by protocol', { step: '1h', group: 'proto' }],
    ['series of a week, of one service', { step: '1h', filter: 'dst_port = 443', group: 'in_if' }],
    ['series of a week, steps by themselves', {}],
  ] as const) {
    const { p95, answers } = await read(what, 'series', { from: 'now-7d', ...parameters })
    const answer = answers.at(-1) as Answer
    context.figure(`${what}: from`, `${answer.source}${answer.exact ? '' : ', not exact'}`)
    context.expect(answer.source !== 'raw', `${what}: from a rollup`)
    context.expectSpeed(p95 < seriesLimit, `${what}: within ${seriesLimit} ms`)
  }
  const all = await get<Answer>(api, 'series', { from: 'now-8d', to: 'now+1h', step: '1h' })
  const at = (name: string) => all.columns.findIndex((column) => column.name === name)
  const sum = (name: string) => all.rows.reduce((total, row) => total + BigInt(String(row[at(name)])), 0n)
  context.expect(all.source === 'flows_1h' && all.exact, `the whole of it is answered from ${all.source}, exactly`)
  context.expect(
    sum('flows') === BigInt(week.flows) && sum('bytes') === week.bytes,
    `sums of the rollup are those of the flows sent (${sum('flows')} flows, ${sum('bytes')} bytes)`,
  )
}

/** Follows cursors to the end while flows keep arriving. */
async function pages(context: AcceptanceContext, api: RunningApi, week: Week) {
  const parameters = {
    filter: 'dst_port = 5432',
    from: context.size('now-12h', 'now-7d'),
    limit: '1000',
    columns: '_pos,time_received',
  }
  const seen = new Set<unknown>()
  let rows = 0
  let turned = 0
  let added = 0
  const times: number[] = []
  const before = await week.store.reader.query(
    'SELECT count(*) AS n FROM flows WHERE dst_port = 5432 AND time_received >= ' +
      `make_timestamptz(${(week.host.clock.now() - context.size(12, 168) * 3_600_000) * 1000})`,
    'json',
    new AbortController().signal,
  )
  let text = ''
  for await (const chunk of before) text += Buffer.from(chunk).toString()
  const expected = (JSON.parse(text) as { n: number }[])[0]?.n
  for (let cursor: string | null | undefined; cursor !== null; turned++) {
    const began = performance.now()
    const page = await get<Answer>(api, 'flows', { ...parameters, ...(cursor === undefined ? {} : { cursor }) })
    times.push(performance.now() - began)
    for (const [position] of page.rows) seen.add(position)
    rows += page.rows.length
    cursor = page.next
    if (turned % 5 === 0) added += await week.add()
  }
  context.figure('pages turned', turned)
  context.figure('a further page, p95', Math.round(percentile(times, 95)), 'ms')
  context.expect(
    added > 0 && rows === expected && seen.size === rows,
    `pages lead to the last row, and none occurs twice, while ${added} flows arrive (${rows} rows, ` +
      `${seen.size} different ones, ${expected} present at the first page)`,
  )
}
