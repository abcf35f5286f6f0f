import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { ROOT } from '../../tools/kit/command.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { questionsAbout, type Question } from './query-overhead/questions.ts'
import { storeFlows } from './query-overhead/store.ts'

/** Of the API to plain DuckDB. */
const maxRatio = 1.5
/** Of the newest page. */
const maxPageMs = 50

export default {
  name: 'query-overhead',
  issue: '58.1',
  title: 'An answer of the API takes at most 1.5 times as long as plain DuckDB on the same files.',
  async run(context) {
    const folder = context.data ?? context.folder
    const began = performance.now()
    const stored = await storeFlows(join(folder, 'data'), context.seed, context.size(5_500_000, 60_000))
    context.figure('flows stored', stored)
    context.figure('time to store them', (performance.now() - began) / 1000, 's')
    await using weir = await startWeir({ folder })
    const duck = await plainDuck(join(weir.data, 'store'))
    try {
      for (const question of questionsAbout(await addressOfSome(weir))) await compare(context, weir, duck, question)
    } finally {
      duck.end()
    }
  },
} satisfies AcceptanceRun

/** An address of a few hundred flows. */
async function addressOfSome(weir: WeirProcess): Promise<string> {
  const [found] = await weir.sql<{ ip: string }>(
    'SELECT src_addr AS ip FROM flows GROUP BY 1 HAVING count(*) <= 220 ORDER BY count(*) DESC, 1 LIMIT 1',
  )
  return found?.ip ?? ''
}

type Way = 'api' | 'sql' | 'duck'
type PlainDuck = Readonly<{ ask(sql: string): Promise<Readonly<{ seconds: number }>>; end(): void }>

async function plainDuck(store: string): Promise<PlainDuck> {
  const script = join(ROOT, 'bench/runs/query-overhead/plain-duck.ts')
  const child = spawn(process.execPath, [script, store], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const next = async () => String((await once(lines, 'line'))[0])
  await next()
  return {
    async ask(sql) {
      const answer = next()
      child.stdin.write(`${JSON.stringify(sql)}\n`)
      return JSON.parse(await answer) as { seconds: number }
    },
    end: () => child.stdin.end(),
  }
}

/** Ways take turns, because the speed of a machine changes. */
async function compare(context: AcceptanceContext, weir: WeirProcess, duck: PlainDuck, question: Question) {
  const { what, api, sql } = question
  const times: Record<Way, number[]> = { api: [], sql: [], duck: [] }
  const failures = new Map<Way, string>()
  const measure = async (way: Way, run: () => Promise<unknown>, isKept: boolean) => {
    const began = performance.now()
    try {
      const answer = await run()
      const ms = way === 'duck' ? (answer as { seconds: number }).seconds * 1000 : performance.now() - began
      if (isKept) times[way].push(ms)
    } catch (error) {
      failures.set(way, error instanceof Error ? error.message : String(error))
    }
  }
  for (let run = 0; run <= context.size(5, 2); run++) {
    if (api !== undefined) await measure('api', () => weir.get(api(run)), run > 0)
    if (!failures.has('sql')) await measure('sql', () => weir.sql(sql(run)), run > 0)
    if (question.duck !== undefined) await measure('duck', () => duck.ask(question.duck?.(run) ?? ''), run > 0)
  }
  const [apiMs, sqlMs, duckMs] = (['api', 'sql', 'duck'] as const).map((way) => percentile(times[way], 50))
  for (const [name, ms] of [
    ['API', apiMs],
    ['SQL', sqlMs],
    ['plain DuckDB', duckMs],
  ] as const)
    if (ms !== undefined && Number.isFinite(ms)) context.figure(`${what}: ${name}`, Math.round(ms), 'ms')
  for (const [way, failure] of failures) context.figure(`${what}: ${way} failed`, failure.slice(0, 300))
  if (api === undefined) return
  context.expect(!failures.has('api'), `${what}: the API answers`)
  const ratio = (apiMs ?? Number.NaN) / (duckMs ?? Number.NaN)
  if (what === 'newest page of 100') context.expectSpeed((apiMs ?? 0) <= maxPageMs, `${what}: within ${maxPageMs} ms`)
  else context.expectSpeed(ratio <= maxRatio, `${what}: the API takes ${ratio.toFixed(2)} times as long as DuckDB`)
}
