import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Cluster } from '../../bench/runs/enrichment/cluster.ts'
import { sendFlows } from '../../bench/runs/enrichment/flows.ts'
import { kubeconfigOf } from '../../test/kit/kubeconfig.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'

const pods = 40

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return
    await sleep(100)
  }
  throw new Error(`not within a minute: ${what}`)
}

/** Sends some flows; answers how many stored flows there are then, and how many of them have a pod at both ends. */
async function flows(weir: WeirProcess, cluster: Cluster, before: number): Promise<{ all: number; named: number }> {
  const sent = await sendFlows(
    cluster,
    { port: weir.ports.netflow, rate: 300, seconds: 1, reused: 0, lateMs: 0, addresses: pods },
    new SeededRandom(before + 1),
  )
  const counted = async (): Promise<{ all: number; named: number }> =>
    (
      await weir.sql<{ all: number; named: number }>(
        `SELECT count(*)::INT AS "all", count(*) FILTER (src_kind = 'Pod' AND dst_owner_kind = 'Deployment' ` +
          `AND cluster = 'c1')::INT AS named FROM flows`,
      )
    )[0] ?? { all: 0, named: 0 }
  await until('every flow is stored', async () => (await counted()).all >= before + sent)
  return counted()
}

it(
  'flows have pod names at once, after a restart, and after the loss of saved identities',
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-workloads-'))
    const cluster = await Cluster.start(pods, Math.floor(Date.now() / 1000) * 1000 - 600_000)
    try {
      const kubeconfig = join(folder, 'kubeconfig')
      await writeFile(kubeconfig, kubeconfigOf(cluster.url))
      await using weir = await startWeir({ folder, config: { sources: { kubernetes: { cluster: 'c1', kubeconfig } } } })
      await until(
        'the pods are known',
        async () =>
          (await weir.get<{ clusters: readonly { workloads?: number }[] }>('/api/v1/clusters')).clusters[0]
            ?.workloads === pods,
      )
      const first = await flows(weir, cluster, 0)
      expect(first.named).toBe(first.all)
      await weir.stop()
      expect((await readdir(join(weir.data, 'identity'))).length).toBeGreaterThan(0)
      await weir.start()
      const second = await flows(weir, cluster, first.all)
      expect(second.named).toBe(second.all)
      await weir.stop()
      await rm(join(weir.data, 'identity'), { recursive: true })
      await weir.start()
      const third = await flows(weir, cluster, second.all)
      expect(third.named).toBe(third.all)
    } finally {
      await cluster.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

it(
  'without flows no identities are saved; flows after a restart or a reload have names',
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-workloads-'))
    const cluster = await Cluster.start(pods, Math.floor(Date.now() / 1000) * 1000 - 600_000)
    try {
      const kubeconfig = join(folder, 'kubeconfig')
      await writeFile(kubeconfig, kubeconfigOf(cluster.url))
      const kubernetes = { cluster: 'c1', kubeconfig }
      const silent = { sources: { netflow: { listen: 'off', tcp: 'off' }, kubernetes } }
      await using weir = await startWeir({ folder, config: silent })
      const watching = { sources: { kubernetes } }
      const clusters = async (): Promise<{ workloads?: number; synced: boolean } | undefined> =>
        (await weir.get<{ clusters: readonly { workloads?: number; synced: boolean }[] }>('/api/v1/clusters'))
          .clusters[0]
      const resources = async (): Promise<boolean> =>
        Number((await weir.sql<{ n: number }>("SELECT count(*)::INT AS n FROM resources WHERE kind = 'Pod'"))[0]?.n) ===
        pods
      await until('the pods are stored', resources)
      expect(await clusters()).toMatchObject({ synced: true })
      expect((await clusters())?.workloads).toBeUndefined()
      weir.configure(watching)
      await weir.post('/api/v1/reload', {})
      await until('the pods have names', async () => (await clusters())?.workloads === pods)
      const first = await flows(weir, cluster, 0)
      expect(first.named).toBe(first.all)
      await weir.stop()
      weir.configure(silent)
      await weir.start()
      await until('it watches', async () => (await clusters())?.synced === true)
      await weir.stop()
      expect(await readdir(join(weir.data, 'identity'))).toEqual([])
      weir.configure(watching)
      await weir.start()
      const second = await flows(weir, cluster, first.all)
      expect(second.named).toBe(second.all)
    } finally {
      await cluster.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
