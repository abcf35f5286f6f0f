import { join } from 'node:path'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { msPerHour } from '../../src/store/names.ts'
import { costOf, median, type Cost } from './query-overhead/cost.ts'
import { needles, spanOf, storeFlows } from './query-overhead/store.ts'

/** From the small to the large store. */
const maxGrowth = 2
const maxNeedleMs = 300

type Question = Readonly<{ what: string; path: string; parameters: Readonly<Record<string, string>>; rows?: number }>

const questions: readonly Question[] = [
  { what: 'newest page of 100', path: 'flows', parameters: { limit: '100' }, rows: 100 },
  ...Object.entries(needles).flatMap(([address, flows]): Question[] => {
    const filter = `any.addr = ${address}`
    return [
      {
        what: `page of ${flows} flows of an address`,
        path: 'flows',
        parameters: { filter, limit: '1000' },
        rows: flows,
      },
      { what: `top 10 of ${flows} flows`, path: 'flows', parameters: { filter, group: 'dst_addr', limit: '10' } },
    ]
  }),
  { what: 'top 10 sources', path: 'flows', parameters: { group: 'src_addr', limit: '10' } },
  { what: 'top 10 pairs', path: 'flows', parameters: { group: 'src_addr,dst_addr', limit: '10' } },
]

export default {
  name: 'query-growth',
  issue: '58.2',
  title: 'Pages, flows of one address and top lists take at most twice as long in a store of ten times the size.',
  async run(context) {
    const folder = context.data ?? context.folder
    const small = await costsIn(context, join(folder, 'small'), context.size(20_000_000, 40_000))
    const large = await costsIn(context, join(folder, 'large'), context.size(200_000_000, 160_000))
    for (const { what } of questions) {
      const [before, after] = [small.get(what) ?? [], large.get(what) ?? []]
      const growth = median(after, 'cpuMs') / median(before, 'cpuMs')
      context.expectSpeed(growth <= maxGrowth, `${what}: ${growth.toFixed(1)} times the processor time`)
      if (what.startsWith('page of'))
        context.expectSpeed(median(after, 'ms') <= maxNeedleMs, `${what}: within ${maxNeedleMs} ms`)
    }
  },
} satisfies AcceptanceRun

async function costsIn(
  context: AcceptanceContext,
  folder: string,
  atLeast: number,
): Promise<ReadonlyMap<string, readonly Cost[]>> {
  const stored = await storeFlows(join(folder, 'data'), context.seed, atLeast)
  await using weir = await startWeir({ folder })
  const span = await spanOf(weir)
  const costs = new Map<string, readonly Cost[]>()
  for (const question of questions) {
    const measured = await costsOf(context, weir, question, span)
    costs.set(question.what, measured)
    const [ms, cpuMs] = [median(measured, 'ms'), median(measured, 'cpuMs')]
    context.figure(
      `${stored} flows, ${question.what}`,
      `${Math.round(ms)} ms, ${Math.round(cpuMs)} ms of processor time`,
    )
  }
  return costs
}

async function costsOf(
  context: AcceptanceContext,
  weir: WeirProcess,
  question: Question,
  span: readonly [number, number],
): Promise<readonly Cost[]> {
  const { what, path, parameters, rows } = question
  const costs: Cost[] = []
  const found = new Set<number>()
  for (let run = 0; run <= context.size(5, 1); run++) {
    // No two ranges are equal. All flows of an address are wanted, also of a store that was filled yesterday. Other
    // ranges begin within the flows, and so within files.
    const [first, last] = span
    const within = Math.round(first + (last - first) * (0.04 + 0.027 * run))
    const from = rows === undefined ? within : Date.now() - 168 * msPerHour + run * 1000
    const query = new URLSearchParams({ ...parameters, from: String(from) }).toString()
    const cost = await costOf(weir, async () => {
      const answer = await weir.get<{ rows: readonly unknown[] }>(`/api/v1/${path}?${query}`)
      found.add(answer.rows.length)
    })
    if (run > 0) costs.push(cost)
  }
  if (rows !== undefined)
    context.expect(found.size === 1 && found.has(rows), `${what}: ${rows} rows, found ${[...found].join(', ')}`)
  return costs
}
