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
/** Of each of the eight clients. */
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
    const perDashboard = Object.entries(ways).map(([how, way]): Part => [
      how,
      (weir) => dashboards(context, weir, how, way),
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
  const alone = await pagesMs(context, weir, 0)
  const crowd = new Crowd(weir, crowdSize, 2000)
  await reading(weir)
  const watched = watchProgress(weir, crowd)
  const beside = await pagesMs(context, weir, 100)
  const left = crowdSize - crowd.answered
  context.figure(
    'newest page alone, and beside large questions (p95 of 20)',
    `${Math.round(alone)} and ${Math.round(beside)} ms`,
  )
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

/** p95 of pages with different filters. */
async function pagesMs(context: AcceptanceContext, weir: WeirProcess, first: number) {
  const times: number[] = []
  for (let page = 0; page < context.size(20, 1); page++) {
    const began = performance.now()
    await weir.get(pathOf('flows', { limit: '100', filter: `bytes > ${first + page}` }))
    times.push(performance.now() - began)
  }
  return percentile(times, 95)
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

/** As users choose them: each for one panel of a team, host, service or kind of traffic. */
const userFilters = [
  'proto = udp',
  'service_port = 443',
  'any.addr = 10.0.0.0/20',
  'bytes > 10000',
  'dst_port = 5432',
  'dst_addr = 10.16.0.0/24',
  'proto = tcp and not service_port in (443, 80)',
  'packets > 3',
] as const

type Way = Readonly<{ alone: number; filterOf: (client: number) => Dashboard['filter'] }>

/** `alone`: rounds of the single client, half of them before the others and half after. */
const ways: Readonly<Record<string, Way>> = {
  'the same dashboard': { alone: 4, filterOf: () => undefined },
  'own filters': {
    alone: userFilters.length,
    filterOf: (client) => (round) => userFilters[(client === single ? round : client) % userFilters.length]!,
  },
  'filters that change with each refresh': {
    alone: 4,
    filterOf: (client) => (round) => `bytes > ${100 * (client + 1) + round}`,
  },
}
/** Number of the client that has no others beside it. */
const single = -1

async function dashboards(context: AcceptanceContext, weir: WeirProcess, how: string, { alone, filterOf }: Way) {
  const [one, many] = [new Map(), new Map()] as const satisfies readonly Times[]
  const filter = filterOf(single)
  const watchAlone = (first: number) =>
    watchDashboard(
      weir,
      { rounds: alone / 2, everyMs, after: 0, filter: filter && ((round) => filter(first + round)) },
      one,
    )
  await watchAlone(0)
  const all = Array.from({ length: clients }, (_, client) =>
    // Spread over the interval.
    watchDashboard(weir, { rounds, everyMs, after: (client * everyMs) / clients, filter: filterOf(client) }, many),
  )
  await Promise.all(all)
  await watchAlone(alone / 2)
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
