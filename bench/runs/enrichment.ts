// The cost is compared with a Weir without a cluster. The list of holders in the scripted cluster is the oracle.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { kubeconfigOf } from '../../test/kit/kubeconfig.ts'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { threadShares } from '../../test/kit/proc.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { Cluster } from './enrichment/cluster.ts'
import { sendFlows, type Traffic } from './enrichment/flows.ts'

const mostCost = 1.25
const lateMs = 2000

export default {
  name: 'enrichment',
  issue: '5.4',
  title:
    '100,000 pods, 20,000 flows per second, 1 % of the addresses reused: every flow has the right pod. The ' +
    'CPU time is at most 1.25 times higher.',
  async run(context) {
    const pods = context.size(100_000, 2000)
    const traffic = {
      rate: context.size(20_000, 3000),
      seconds: context.minutes === undefined ? context.size(90, 5) : context.minutes * 60,
      addresses: pods,
      reused: 0.01,
      lateMs,
    }
    const cluster = await Cluster.start(pods, Math.floor(Date.now() / 1000) * 1000 - 3_600_000)
    try {
      // For the ratio of costs, which is not judged in CI.
      const { cost: plain } =
        context.scale === 'ci'
          ? { cost: Number.NaN }
          : await measure(context, cluster, 'plain', { ...traffic, reused: 0 })
      const { cost: enriched, watching } = await measure(context, cluster, 'enriched', traffic)
      if (context.scale === 'ci') return
      context.figure('processor time, no cluster watched', plain, 'µs a flow')
      context.figure('processor time, cluster watched', enriched, 'µs a flow')
      context.figure('of that, to watch and store the same changes without any flow', watching, 'µs a flow')
      context.figure('cost', enriched / plain, 'times')
      context.figure('cost of the names alone', (enriched - watching) / plain, 'times')
      context.expectSpeed(enriched / plain <= mostCost, `names cost at most ${mostCost} times as much processor time`)
    } finally {
      await cluster.close()
    }
  },
} satisfies AcceptanceRun

/**
 * Microseconds of CPU per flow, from the first datagram until every flow is stored; and of the same time with only
 * address changes.
 */
async function measure(
  context: AcceptanceContext,
  cluster: Cluster,
  name: 'plain' | 'enriched',
  traffic: Omit<Traffic, 'port'>,
): Promise<{ readonly cost: number; readonly watching: number }> {
  const random = new SeededRandom(context.seed)
  const file = join(context.folder, 'kubeconfig')
  writeFileSync(file, kubeconfigOf(cluster.url))
  const kubernetes = name === 'plain' ? {} : { kubernetes: { cluster: 'c1', kubeconfig: file } }
  await using weir = await startWeir({ folder: join(context.folder, name), config: { sources: kubernetes } })
  if (name === 'enriched') await untilNamed(weir, cluster.held.length)
  const port = weir.ports.netflow
  // A warm-up. After a pause V8 would compile the code again during the measurement.
  const before = await sendFlows(
    cluster,
    { ...traffic, port, seconds: traffic.seconds / 4, reused: traffic.reused / 4 },
    random,
  )
  await stored(weir)
  const [cpu, threads, began] = [weir.cpuSeconds(), weir.threads(), Date.now()]
  const sent = await sendFlows(cluster, { ...traffic, port }, random)
  await stored(weir)
  const spent = weir.cpuSeconds() - cpu
  context.figure(
    `${name}: where`,
    threadShares(weir.pid, threads)
      .filter(({ cpuSeconds }) => cpuSeconds >= 0.05)
      .map((thread) => `${thread.name} ${((thread.cpuSeconds / sent) * 1e6).toFixed(2)}`)
      .join(', '),
    'µs a flow',
  )
  context.figure(`${name}: flows`, sent)
  context.figure(`${name}: time`, Math.round((Date.now() - began) / 100) / 10, 's')
  context.expect((await weir.ledger()).balanced, `${name}: the ledger is balanced`)
  const watched = weir.cpuSeconds()
  if (name === 'enriched' && context.scale === 'full') await sendFlows(cluster, { ...traffic, port, rate: 0 }, random)
  const watching = weir.cpuSeconds() - watched
  if (name === 'enriched') await judge(context, weir, cluster, before + sent)
  return { cost: (spent / sent) * 1e6, watching: (watching / sent) * 1e6 }
}

/** Waits until every pod is stored as a resource. */
async function untilNamed(weir: WeirProcess, pods: number) {
  for (let waited = 0; waited < 1500; waited++) {
    const [row] = await weir.sql<{ n: number }>(
      "SELECT count(*) AS n FROM events WHERE type = 'weir.kubernetes.resource'",
    )
    if (Number(row?.n) >= pods) return
    await sleep(200)
  }
  throw new Error('not all pods were known after five minutes')
}

/** Polls the ledger at long intervals, because the polls count as Weir's CPU time. */
async function stored(weir: WeirProcess) {
  for (let waited = 0; waited < 240; waited++) {
    await sleep(500)
    const { sinks } = await weir.ledger()
    if (sinks.every(({ pending }) => pending === 0)) return
  }
  throw new Error('not all rows were stored after two minutes')
}

interface Seen {
  readonly addr: string
  readonly pod: string | null
  readonly n: number
  readonly first: number
  readonly last: number
  readonly owners: number
}

/** The flows of each address with a name must have begun while that pod had the address. */
async function judge(context: AcceptanceContext, weir: WeirProcess, cluster: Cluster, sent: number) {
  const holders = new Map(
    cluster.held.flatMap((holdings, index) =>
      holdings.map((holding) => [`${Cluster.address(index)} ${holding.pod}`, holding] as const),
    ),
  )
  const dropped = await weir.metric('weir_udp_kernel_dropped_datagrams_total')
  for (const end of ['src', 'dst']) {
    const seen = await weir.sql<Seen>(`SELECT ${end}_addr AS addr, ${end}_name AS pod, count(*) AS n,
        epoch_ms(min(time_start))::DOUBLE AS first, epoch_ms(max(time_start))::DOUBLE AS last,
      count(*) FILTER (${end}_kind = 'Pod' AND ${end}_owner_kind = 'Deployment'
        AND starts_with(${end}_name, ${end}_owner_name || '-')
          AND ${end}_namespace IS NOT NULL AND ${end}_node IS NOT NULL
        AND cluster = 'c1')::INT AS owners
        FROM flows GROUP BY ALL`)
    let [right, wrong, nameless, incomplete, again] = [0, 0, 0, 0, 0]
    const examples: string[] = []
    for (const { addr, pod, n, first, last, owners } of seen) {
      const holding = pod === null ? undefined : holders.get(`${addr} ${pod}`)
      const held = holding !== undefined && holding.from <= first && last < holding.until
      if (held) right += Number(n)
      else if (pod === null) nameless += Number(n)
      else wrong += Number(n)
      if (!held && examples.length < 3)
        examples.push(`${addr} as ${pod} from ${first} to ${last} (${holding?.from} to ${holding?.until})`)
      if (held && Number(owners) !== Number(n)) incomplete += Number(n)
      if (held && pod?.endsWith('-0') === false) again += Number(n)
    }
    context.figure(`${end}: flows of the right pod`, right)
    context.figure(`${end}: of these, of pods with a reused address`, again)
    context.expect(
      wrong === 0 && nameless === 0 && right > 0,
      `${end}: every flow is of the pod that had its address when it began (${wrong} of another in part, ` +
        `${nameless} of none) ${examples.join('; ')}`,
    )
    context.expect(incomplete === 0, `${end}: with its namespace, owner, node and cluster`)
    context.expect(right + wrong + nameless === sent || dropped > 0, `${end}: all that were sent are stored (${sent})`)
    context.expect(again > 0, `${end}: addresses were used again`)
  }
}
