// Mode split of the chart on real systems: a collector, a deliverer and an API, each a pod that Helm rendered, with a
// shared journal on Kafka or NATS and the store in ClickHouse.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { install } from './install/apt.ts'
import { installChdb } from './install/chdb.ts'
import { installHelm } from './install/helm.ts'
import { installKafka } from './install/kafka.ts'
import { nats } from './install/nats.ts'
import { startChdb } from './kit/chdb.ts'
import { helmOf, namespaceOf, render, workloadsOf, type Manifest } from './kit/chart.ts'
import { grant, startChartPod } from './kit/chart-pod.ts'
import { startKafka } from './kit/kafka.ts'
import { useKube } from './kit/kube-stage.ts'
import { startNats } from './kit/nats.ts'
import { podsMissing, type RunningPod } from './kit/pod.ts'

const stage = useKube('weir-helm-split')
let missing: string | undefined

beforeAll(async () => {
  for (const found of [await installHelm(), await installChdb(), await installKafka(), await install(nats)])
    missing ??= found.path === undefined ? found.reason : undefined
  missing ??= await podsMissing()
}, 1_800_000)

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

const buses = {
  async kafka() {
    const kafka = await startKafka()
    onTestFinished(() => kafka[Symbol.asyncDispose]())
    const port = kafka.ports.plain
    return {
      port,
      on: { type: 'kafka', brokers: [`127.0.0.1:${port}`], topic: 'weir-journal', partitions: 2, replication: 1 },
    }
  },
  async nats() {
    const dir = await mkdtemp(join(tmpdir(), 'weir-split-nats-'))
    const server = await startNats({ jetstream: true, dir })
    onTestFinished(async () => {
      await server.stop()
      await rm(dir, { recursive: true })
    })
    return { port: server.port, on: { type: 'nats', url: server.url, partitions: 2, replicas: 1 } }
  },
} as const

test.for(['kafka', 'nats'] as const)(
  'a change that a collector sees is delivered to ClickHouse, and the API shows it, over %s',
  async (bus, context) => {
    const helm = helmOf(context)
    const { port, on } = await buses[bus]()
    const store = await startChdb()
    onTestFinished(() => store[Symbol.asyncDispose]())
    const set = { name: `split-${bus}-real`, file: join(stage.dir, `${bus}-values.yaml`) }
    await mkdir(stage.dir, { recursive: true })
    const values = {
      mode: 'split',
      config: {
        journal: { on },
        store: { enabled: 'clickhouse', clickhouse: { url: store.url } },
        sources: { kubernetes: { cluster: 'c1', include: ['ConfigMap'], redact: { key: 'env:REDACT_KEY' } } },
        auth: { tokens: [{ name: 'admin', token: 'env:WEIR_TOKEN' }] },
      },
      secrets: {
        env: {
          REDACT_KEY: { secret: 'weir-redact', key: 'key' },
          WEIR_TOKEN: { secret: 'weir-token', key: 'token' },
        },
      },
    }
    // Helm reads YAML 1.1, where `on` is a boolean unless it is quoted.
    await writeFile(set.file, stringify(values, { version: '1.1' }))
    const all: readonly Manifest[] = await render(helm, set)
    const namespace = namespaceOf(set)
    await grant(stage, all, namespace)
    const pods = new Map<string, RunningPod>()
    for (const workload of workloadsOf(all)) {
      const pod = await startChartPod({ stage, all, workload, namespace, reach: [port, store.port] })
      onTestFinished(async () => void (await pod.stop()))
      pods.set(workload.metadata.labels?.['app.kubernetes.io/component'] ?? workload.metadata.name, pod)
    }
    expect([...pods.keys()].toSorted()).toEqual(['api', 'collector', 'deliverer'])
    for (const workload of workloadsOf(all)) {
      const [container] = workload.spec.template.spec.containers
      const pod = pods.get(workload.metadata.labels?.['app.kubernetes.io/component'] ?? '')!
      expect(await pod.passes(container!.readinessProbe)).toBe(200)
    }

    let made = 0
    const token = 'a-secret-of-more-than-thirty-two-characters'
    await vi.waitFor(
      async () => {
        // An object that is made before the first list ends is no change.
        const metadata = { name: `over-${bus}-${made++}` }
        await stage.kube.call('POST', '/api/v1/namespaces/shop/configmaps', { metadata, data: { a: 'b' } })
        const answer = await pods.get('api')!.get('/api/v1/changes?kind=ConfigMap&namespace=shop', {
          port: 'http',
          headers: { authorization: `Bearer ${token}` },
        })
        expect([answer.status, answer.body]).toEqual([200, expect.stringContaining(`"over-${bus}-`)])
      },
      { timeout: 180_000, interval: 1000 },
    )
    for (const pod of pods.values()) expect(await pod.stop()).toBe(0)
  },
)
