import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExportLoad } from '../../test/kit/flow-load/exports.ts'
import { FlowSender } from '../../test/kit/flow-sender.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { treeSeconds } from '../../test/kit/proc.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { panelNames, pathOf, watchDashboard, type Dashboard, type Times } from './eight-clients/client.ts'
import { Crowd, reading, runningQueries } from './eight-clients/crowd.ts'
import { storeFlows } from './query-overhead/store.ts'

const clients = 8
/** Between two refreshes of a dashboard. */
const everyMs = 20_000
/** Of each client; of the single one, half before the others and half after, because flows arrive meanwhile. */
const rounds = 4
/** To one client, by p95. */
const maxSlowdown = 3
/** Of a core, by all processes, after clients have left. */
const maxRest = 0.3
/** Twice as many large questions as other clients, of which two run. */
const crowdSize = 14

export default {
  name: 'eight-clients',
  issue: '58.5',
  title:
    'While 20,000 flows per second arrive, eight clients wait at most three times as long as one, equal panels share ' +
    'a run, small questions pass large ones, and abandoned questions end within a second.',
  async run(context) {
    const stored = join(context.data ?? join(context.folder, 'stored'), 'data')
    const least = context.size(5_500_000, 250_000)
    context.figure('flows stored', await storeFlows(stored, context.seed, least))
    const shares: Measured = async (weir) => {
      await sharing(context, weir)
      await smallBesideLarge(context, weir)
      await abandoned(context, weir)
    }
    const perDashboard = Object.entries(ways).map(([how, about]): Part => [
      how,
      (weir) => dashboards(context, weir, how, about),
    ])
    // Times alone, which CI does not judge.
    const parts: readonly Part[] = [['shares', shares], ...(context.scale === 'full' ? perDashboard : [])]
    // Flows that arrive are not kept: each part begins with those that are stored.
    for (const [name, measure] of parts) {
      const folder = join(context.folder, name.replaceAll(' ', '-'))
      await cp(stored, join(folder, 'data'), { recursive: true })
      await whileFlowsArrive(context, folder, measure)
      await rm(folder, { recursive: true })
    }
  },
} satisfies AcceptanceRun

type Measured = (weir: WeirProcess) => Promise<void>
type Part = readonly [name: string, measure: Measured]

async function whileFlowsArrive(context: AcceptanceContext, folder: string, measure: Measured) {
  await using weir = await startWeir({ folder })
  const perDatagram = 30
  const load = new ExportLoad({ protocol: 'netflow5', perDatagram, addresses: 60_000, seed: context.seed })
  const rate = context.size(20_000, 2000)
  const sender = new FlowSender({ port: weir.ports.netflow, rate, perDatagram, load })
  const before = await acceptedFlows(weir)
  await sender.start()
  try {
    // Verification and first statements.
    await watchDashboard(weir, { rounds: 1, everyMs: 0, after: 0 }, new Map())
    await measure(weir)
  } finally {
    await sender.close()
  }
  const accepted = (await acceptedFlows(weir)) - before
  context.figure('flows sent meanwhile, and accepted', `${sender.sent} and ${accepted}`)
  context.expectSpeed(accepted >= 0.99 * sender.sent, 'at least 99 % of the sent flows are accepted')
}

async function acceptedFlows(weir: WeirProcess) {
  const ledger = await weir.ledger()
  return ledger.sources.reduce((sum, source) => sum + source.accepted, 0)
}

async function sharing(context: AcceptanceContext, weir: WeirProcess) {
  const crowd = new Crowd(weir, 2, 1000)
  await reading(weir)
  const path = pathOf('flows', { group: 'dst_addr', limit: '10', source: 'raw' })
  const spans = await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      await sleep(20 * index)
      return JSON.stringify((await weir.get<{ span: unknown }>(path)).span)
    }),
  )
  await crowd.answers
  const runs = new Set(spans).size
  context.expect(runs === 1, `${clients} equal panels within a second have one run (${runs})`)
}

async function smallBesideLarge(context: AcceptanceContext, weir: WeirProcess) {
  const alone = await pageMs(weir, 0)
  const crowd = new Crowd(weir, crowdSize, 2000)
  await reading(weir)
  const watched = watchProgress(weir, crowd)
  const beside = await pageMs(weir, 1)
  const left = crowdSize - crowd.answered
  context.figure('newest page alone, and beside large questions', `${Math.round(alone)} and ${Math.round(beside)} ms`)
  context.expect(left >= crowdSize / 2, `a page does not wait for ${crowdSize} large questions (${left} are left)`)
  context.expectSpeed(beside <= maxSlowdown * alone, `it takes ${(beside / alone).toFixed(1)} times as long`)
  const statuses = await crowd.answers
  context.expect(
    statuses.every((status) => status === 200),
    'all large questions are answered',
  )
  const { shown, fell } = await watched
  context.expect(shown >= context.size(crowdSize, 1), `they have progress in rows (${shown} of ${crowdSize})`)
  context.expect(fell === 0, `no share of them falls (${fell})`)
}

async function pageMs(weir: WeirProcess, number: number) {
  const began = performance.now()
  await weir.get(pathOf('flows', { limit: '100', filter: `bytes > ${number}` }))
  return performance.now() - began
}

/** Until all of the crowd are answered: how many had progress, and how often a share fell. */
async function watchProgress(weir: WeirProcess, crowd: Crowd) {
  const shares = new Map<string, number>()
  let fell = 0
  while (crowd.answered < crowdSize) {
    for (const { query_id: id, unit, done, total } of await runningQueries(weir)) {
      // Files that are verified come before rows.
      if (!id.startsWith('large-') || unit !== 'rows' || done === undefined || total === undefined) continue
      const share = done / total
      if (share < (shares.get(id) ?? 0)) fell++
      shares.set(id, share)
    }
    await sleep(10)
  }
  return { shown: shares.size, fell }
}

async function abandoned(context: AcceptanceContext, weir: WeirProcess) {
  const idle = await usage(weir, 1000)
  const crowd = new Crowd(weir, crowdSize, 3000)
  const left = new AbortController()
  // Never ends by itself.
  const statement = fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    signal: left.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql: 'SELECT count(*) FROM flows a, flows b WHERE a.bytes + b.bytes < 0' }),
  }).catch(() => undefined)
  await reading(weir)
  await sleep(context.size(2000, 300))
  const missed = crowd.answered
  crowd.leave()
  left.abort()
  await Promise.all([crowd.answers, statement])
  await sleep(1000)
  const open = (await runningQueries(weir)).length
  const rest = (await usage(weir, 1000)) - idle
  context.figure('answered before the clients left', missed)
  context.figure('processor time in the second after that', rest, 's')
  context.expect(open === 0, `a second after their clients left, no questions run (${open})`)
  context.expect(rest <= maxRest, `and Weir takes at most ${maxRest} of a core more than before`)
}

/** Processor time per second of all processes of Weir. */
async function usage(weir: WeirProcess, ms: number) {
  const [began, cpu] = [performance.now(), treeSeconds(weir.pid)]
  await sleep(ms)
  return (1000 * (treeSeconds(weir.pid) - cpu)) / (performance.now() - began)
}

type Watched = Readonly<{ rounds: number; times: Times }>

const ways = {
  'the same dashboard': () => ({}),
  'own filters': (client: number) => ({ filter: (round: number) => `bytes > ${100 * client + round}` }),
}
type About = (client: number) => Partial<Pick<Dashboard, 'filter'>>

async function dashboards(context: AcceptanceContext, weir: WeirProcess, how: string, about: About) {
  const watch = async (count: number, first: number, { rounds, times }: Watched) => {
    const all = Array.from({ length: count }, (_, client) =>
      // Spread over the interval.
      watchDashboard(weir, { rounds, everyMs, after: (client * everyMs) / count, ...about(first + client) }, times),
    )
    await Promise.all(all)
  }
  const [one, many] = [new Map(), new Map()] as const satisfies readonly Times[]
  const alone = { rounds: rounds / 2, times: one }
  await watch(1, 1, alone)
  await watch(clients, 2, { rounds, times: many })
  await watch(1, 2 + clients, alone)
  for (const what of panelNames) compare(context, `${how}, ${what}`, one.get(what) ?? [], many.get(what) ?? [])
}

function compare(context: AcceptanceContext, what: string, one: readonly number[], many: readonly number[]) {
  const [alone, together] = [percentile(one, 95), percentile(many, 95)]
  context.figure(`${what}: p95 of one and of ${clients} clients`, `${Math.round(alone)} and ${Math.round(together)} ms`)
  context.expectSpeed(
    together <= maxSlowdown * alone,
    `${what}: ${clients} clients wait ${(together / alone).toFixed(1)} times as long`,
  )
}
