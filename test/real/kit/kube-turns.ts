// Replicas of Weir that share a Lease.
import { setTimeout as sleep } from 'node:timers/promises'
import type { WatchedCluster } from '../../../src/engine/control.ts'
import { prepareWeir, type WeirProcess } from '../../kit/weir-process.ts'
import type { Kube } from './kube.ts'
import { emittedByAll, type Churn } from './kube-churn.ts'

export interface ReplicaOptions {
  readonly folder: string
  readonly kubeconfig: string
  readonly duration: string
  /** Merged over the settings of the source. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly sinks?: Readonly<Record<string, unknown>>
}

export function prepareReplica({
  folder,
  kubeconfig,
  duration,
  settings = {},
  sinks = {},
}: ReplicaOptions): Promise<WeirProcess> {
  return prepareWeir({
    folder,
    config: {
      sources: {
        netflow: { listen: 'off', tcp: 'off' },
        kubernetes: {
          cluster: 'c1',
          kubeconfig,
          include: ['ConfigMap'],
          lease: { name: 'weir', namespace: 'default', duration },
          ...settings,
        },
      },
      sinks,
    },
  })
}

/** The state of a replica; undefined: no response within a second. */
export async function clusterOf(weir: WeirProcess): Promise<WatchedCluster | undefined> {
  if (weir.pid === -1) return undefined
  try {
    const answer = await fetch(`${weir.url}/api/v1/clusters`, { signal: AbortSignal.timeout(1000) })
    return ((await answer.json()) as { clusters: WatchedCluster[] }).clusters[0]
  } catch {
    return undefined
  }
}

/** Waits until one of them leads; returns it, and the wait in ms. */
export async function holderOf(
  replicas: readonly WeirProcess[],
  limitMs = 60_000,
): Promise<{ readonly holder: WeirProcess; readonly ms: number }> {
  const began = performance.now()
  for (;;) {
    const states = await Promise.all(replicas.map(clusterOf))
    const holder = replicas.find((_weir, at) => states[at]?.lease?.state === 'holds')
    if (holder !== undefined) return { holder, ms: performance.now() - began }
    if (performance.now() - began > limitMs)
      throw new Error(
        `no replica leads after ${limitMs / 1000} ` +
          `s:\n${replicas.map(({ lastLog }) => lastLog.slice(-2000)).join('\n')}`,
      )
    await sleep(25)
  }
}

export async function standsBy(weir: WeirProcess, limitMs = 60_000): Promise<void> {
  for (let waited = 0; waited < limitMs; waited += 100) {
    const cluster = await clusterOf(weir)
    if (cluster?.lease?.state === 'stands by' && cluster.lease.holder !== undefined && cluster.synced) return
    await sleep(100)
  }
  throw new Error(`it does not stand by:\n${weir.lastLog.slice(-2000)}`)
}

/** The faults in the changes of all replicas; waits for missing ones. Empty: none. */
export async function judgedAll(
  replicas: readonly WeirProcess[],
  churn: Churn,
  prefix: string,
  limitMs: number,
): Promise<string[]> {
  const began = performance.now()
  for (;;) {
    const problems = churn.judge((await emittedByAll(replicas, prefix)).emitted)
    if (problems.length === 0 || performance.now() - began > limitMs) return problems
    await sleep(300)
  }
}

/** Epochs that began before the previous one was over, by the clock of the shared machine. */
export async function overlaps(replicas: readonly WeirProcess[]): Promise<string[]> {
  const rows = (
    await Promise.all(
      replicas.map((weir) =>
        weir.sql<{ epoch: number; first: number; last: number }>(
          "SELECT (extensions->>'epoch')::INT AS epoch, epoch_ms(min(time_received)) AS first, " +
            "epoch_ms(max(time_received)) AS last FROM events WHERE source = '/kubernetes/c1' GROUP BY ALL",
        ),
      ),
    )
  )
    .flat()
    .map(({ epoch, first, last }) => ({ epoch: Number(epoch), first: Number(first), last: Number(last) }))
    .sort((a, b) => a.epoch - b.epoch)
  const numbers = new Set(rows.map(({ epoch }) => epoch))
  return [
    ...(numbers.size === rows.length ? [] : ['an epoch has two holders']),
    ...rows
      .slice(1)
      .flatMap(({ epoch, first }, at) =>
        first > (rows[at]?.last ?? 0)
          ? []
          : [`epoch ${epoch} began ${(rows[at]?.last ?? 0) - first} ms before the end of the one before it`],
      ),
  ]
}

export async function leaseIn(
  kube: Kube,
): Promise<{ readonly holderIdentity?: string; readonly leaseTransitions?: number; readonly acquireTime?: string }> {
  const { spec } = await kube.call('GET', '/apis/coordination.k8s.io/v1/namespaces/default/leases/weir')
  return spec as { holderIdentity?: string; leaseTransitions?: number; acquireTime?: string }
}
