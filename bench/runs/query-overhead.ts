import { join } from 'node:path'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { costOf, median, type Cost } from './query-overhead/cost.ts'
import { plainDuck, type PlainDuck } from './query-overhead/plain.ts'
import {
  byBytes,
  byTime,
  newestPage,
  questionsAbout,
  type AddressIds,
  type Question,
} from './query-overhead/questions.ts'
import { addressOfSome, spanOf, storedFlows, storeFlows } from './query-overhead/store.ts'

/** Of the API to plain DuckDB. */
const maxRatio = 1.5
/** With more flows, questions have ranges instead of a filter, and SQL is left out: a run of all takes hours. */
const largeStore = 10_000_000
/** Of the newest page. */
const maxPageMs = 50

export default {
  name: 'query-overhead',
  issue: '58.1',
  title: 'An answer of the API takes at most 1.5 times as long as plain DuckDB on the same files.',
  async run(context) {
    const folder = context.data ?? context.folder
    const began = performance.now()
    // `--data` can name a store of another size, which `query-growth` made.
    const least = (await storedFlows(join(folder, 'data'))) || context.size(5_500_000, 60_000)
    const stored = await storeFlows(join(folder, 'data'), context.seed, least)
    context.figure('flows stored', stored)
    context.figure('time to store them', (performance.now() - began) / 1000, 's')
    await using weir = await startWeir({ folder })
    const duck = await plainDuck(join(weir.data, 'store'))
    try {
      const address = await addressOfSome(weir)
      const isLarge = stored > largeStore
      const vary = isLarge ? byTime(...(await spanOf(weir))) : byBytes
      for (const question of questionsAbout(address, { ids: await idsOf(duck), vary }))
        await compare(context, weir, duck, {
          ...question,
          ...(isLarge ? { sql: undefined } : {}),
          runs: context.size(isLarge ? 3 : 5, 1),
        })
    } finally {
      duck.end()
    }
  },
} satisfies AcceptanceRun

async function idsOf(duck: PlainDuck): Promise<AddressIds> {
  const { rows } = await duck.query('SELECT addr FROM e GROUP BY 1 HAVING count(*) > 1 LIMIT 1')
  return rows === 0 ? 'single' : 'several'
}

/** Of pages, undefined. */
type Response = Readonly<{ source?: string; exact?: boolean }>

type Way = 'api' | 'sql' | 'duck'
type Compared = Omit<Question, 'sql'> & Readonly<{ sql: Question['sql'] | undefined; runs: number }>

/** Ways take turns, because the speed of a machine changes. */
async function compare(context: AcceptanceContext, weir: WeirProcess, duck: PlainDuck, question: Compared) {
  const { what, api, sql, duck: plain, runs } = question
  let response: Response = {}
  const ways: readonly (readonly [Way, ((k: number) => Promise<Cost>) | undefined])[] = [
    [
      'api',
      (k) =>
        costOf(weir, async () => {
          for (const path of api(k)) response = await weir.get<Response>(path)
        }),
    ],
    ['sql', sql && ((k) => costOf(weir, () => weir.sql(sql(k))))],
    ['duck', (k) => duck.query(plain(k))],
  ]
  const costs: Record<Way, Cost[]> = { api: [], sql: [], duck: [] }
  const failed = new Set<Way>()
  for (let run = 0; run <= runs; run++)
    for (const [way, measure] of ways) {
      if (measure === undefined || failed.has(way)) continue
      try {
        const cost = await measure(run)
        if (run > 0) costs[way].push(cost)
      } catch (error) {
        failed.add(way)
        context.figure(`${what}: ${way} failed`, String(error).slice(0, 300))
      }
    }
  const middle = (way: Way, part: keyof Cost) => median(costs[way], part)
  for (const [way, name] of Object.entries({ api: 'API', sql: 'SQL', duck: 'plain DuckDB' }) as [Way, string][]) {
    if (costs[way].length === 0) continue
    const cpu = way === 'sql' ? '' : `, ${Math.round(middle(way, 'cpuMs'))} ms of processor time`
    context.figure(`${what}: ${name}`, `${Math.round(middle(way, 'ms'))} ms${cpu}`)
  }
  context.expect(!failed.has('api'), `${what}: the API answers`)
  const ratioOf = (part: keyof Cost) => middle('api', part) / middle('duck', part)
  const { source, exact } = response
  if (source !== undefined)
    context.figure(`${what}: source`, `${source}${exact === false ? ', with a stated error' : ''}`)
  const [ms, ratio] = [middle('api', 'ms'), ratioOf('ms')]
  context.figure(`${what}: processor time of the API to that of DuckDB`, ratioOf('cpuMs').toFixed(2))
  if (what === newestPage) context.expectSpeed(ms <= maxPageMs, `${what}: within ${maxPageMs} ms`)
  else context.expectSpeed(ratio <= maxRatio, `${what}: the API takes ${ratio.toFixed(2)} times as long as DuckDB`)
}
