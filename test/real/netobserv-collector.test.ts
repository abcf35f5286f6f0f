// `weir netobserv --flowcollector cluster` against a real API server: agents send, Kafka receives, and the resource
// changes.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { flow, records } from '../../src/codecs/pbflow/testing/messages.ts'
import { agentClient } from '../../src/connectors/netobserv/testing/agent.ts'
import { startExporter } from '../kit/cts-exporter.ts'
import { freePorts } from '../kit/free-port.ts'
import { installKafka } from './install/kafka.ts'
import { KafkaObserver } from './kit/kafka-topic.ts'
import { startKafka, type KafkaServer } from './kit/kafka.ts'
import { useKube } from './kit/kube-stage.ts'

const stage = useKube('weir-flowcollector')
const limit = { timeout: 60_000, interval: 200 }

beforeEach(async (context) => {
  const { path, reason } = (await installKafka()) as { path?: string; reason?: string }
  if (path === undefined) context.skip(reason)
})
let broker: Promise<KafkaServer> | undefined
afterAll(async () => (await broker)?.[Symbol.asyncDispose]())

const group = 'flows.netobserv.io'
const collectors = `/apis/${group}/v1beta2/flowcollectors`

/** Both versions, without the operator's validation. */
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `flowcollectors.${group}` },
  spec: {
    group,
    scope: 'Cluster',
    names: {
      kind: 'FlowCollector',
      plural: 'flowcollectors',
      singular: 'flowcollector',
      listKind: 'FlowCollectorList',
    },
    versions: ['v1beta1', 'v1beta2'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1beta2',
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    })),
  },
}

/** Sends one numbered flow after the other until it is stopped; the number is the source port. */
function startAgent(port: number) {
  const client = agentClient(`127.0.0.1:${port}`)
  const accepted = new Set<number>()
  let stopped = false
  const send = async (): Promise<void> => {
    for (let number = 1; !stopped && number < 60_000; number++) {
      const { code } = await client.send(records(flow([], { ports: [number, 443] })))
      if (code === 0) accepted.add(number)
    }
  }
  const sent = send()
  return {
    accepted,
    async stop() {
      stopped = true
      await sent
      client.close()
    },
  }
}

test('the resource of a cluster is followed: changes apply without a loss, invalid ones are rejected', async () => {
  const { kube, kubeconfig } = stage
  const kafka = await (broker ??= startKafka())
  const observer = new KafkaObserver(kafka.ports.plain)
  for (const topic of ['first', 'second']) await observer.create(topic)
  const numbers = async (topic: string): Promise<number[]> =>
    (await observer.records(topic)).map(
      ({ value }) => (JSON.parse(value.toString()) as { readonly SrcPort: number }).SrcPort,
    )
  await kube.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
  await expect
    .poll(
      () =>
        kube.call('GET', collectors).then(
          () => true,
          () => false,
        ),
      limit,
    )
    .toBe(true)

  const [port = 0, metrics = 0] = await freePorts(2)
  const exporterTo = (topic: string): object => ({
    type: 'Kafka',
    kafka: { address: `127.0.0.1:${kafka.ports.plain}`, topic },
  })
  const spec = {
    deploymentModel: 'Direct',
    loki: { enable: false },
    processor: { advanced: { port }, metrics: { server: { port: metrics } } },
    exporters: [exporterTo('first')],
  }
  const write = (change: object): Promise<unknown> =>
    kube.call('PATCH', `${collectors}/cluster`, change, 'application/merge-patch+json')
  await kube.call('POST', collectors, {
    apiVersion: `${group}/v1beta2`,
    kind: 'FlowCollector',
    metadata: { name: 'cluster' },
    spec,
  })

  const folder = await mkdtemp(join(tmpdir(), 'weir-flowcollector-data-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const args = ['netobserv', '--flowcollector', 'cluster', '--data', folder]
  await using weir = await startExporter({ KUBECONFIG: kubeconfig }, args)
  const agent = startAgent(port)
  await expect.poll(async () => (await numbers('first')).length, limit).toBeGreaterThan(100)

  await write({ spec: { exporters: [exporterTo('first'), exporterTo('second')] } })
  await expect.poll(async () => (await numbers('second')).length, limit).toBeGreaterThan(100)

  await write({ spec: { deploymentModel: 'Nowhere' } })
  await expect.poll(() => weir.log(), limit).toContain('The FlowCollector was rejected')
  const afterRejection = agent.accepted.size
  await expect.poll(() => agent.accepted.size, limit).toBeGreaterThan(afterRejection + 100)
  await agent.stop()
  const sent = [...agent.accepted].sort((a, b) => a - b)
  await expect.poll(async () => (await numbers('first')).length, limit).toBeGreaterThanOrEqual(sent.length)
  expect((await numbers('first')).sort((a, b) => a - b)).toEqual(sent)
  expect(await weir.stop()).toBe(0)

  await using again = await startExporter({ KUBECONFIG: kubeconfig }, args)
  expect(again.log()).toContain(
    'expected one of Service, Direct, Kafka, not `Nowhere`. The last valid configuration runs.',
  )
  const later = startAgent(port)
  await expect.poll(async () => (await numbers('second')).length, limit).toBeGreaterThan(sent.length)
  await later.stop()
  expect(await again.stop()).toBe(0)
})
