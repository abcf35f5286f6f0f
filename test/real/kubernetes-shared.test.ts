// A cluster that is watched by collectors which share a journal on a real bus: what a machine knew is not lost with it.
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { AddressInfo } from 'node:net'
import { FlowSender } from '../kit/flow-sender.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { nats as program } from './install/nats.ts'
import { Churn, changeOf, type EmittedChange } from './kit/kube-churn.ts'
import { useKube } from './kit/kube-stage.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

interface Event {
  readonly id: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

const stage = useKube('weir-kube-shared')
const patience = { timeout: 60_000, interval: 50 }
const came: Event[] = []
const running: WeirProcess[] = []
let bus: NatsServer
let receiver: Server

beforeEach((context) => need(context, program))
beforeAll(async () => {
  if (stage.dir === '') return
  bus = await startNats({ jetstream: true, dir: stage.dir })
  receiver = createServer((request, response) => {
    text(request).then(
      (body) => {
        came.push(...(JSON.parse(body) as Event[]))
        response.writeHead(204).end()
      },
      () => response.destroy(),
    )
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
}, 60_000)
afterAll(async () => {
  await Promise.all(running.map((weir) => weir.kill()))
  receiver?.close()
  await bus?.[Symbol.asyncDispose]()
})

async function start(roles: readonly string[], instance: string): Promise<WeirProcess> {
  const weir = await startWeir({
    folder: join(stage.dir, instance),
    config: {
      roles,
      instance,
      journal: { on: { type: 'nats', url: bus.url, partitions: 3 } },
      sources: {
        netflow: { tcp: 'off' },
        kube: {
          type: 'kubernetes',
          cluster: 'c1',
          kubeconfig: stage.kubeconfig,
          include: ['ConfigMap', 'Pod'],
          redact: { enabled: false },
          lease: { duration: '4s' },
        },
      },
      sinks: {
        out: {
          type: 'http',
          url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
          mode: 'batched',
          delivery: { wait: '10ms' },
        },
      },
    },
  })
  running.push(weir)
  return weir
}

const changes = (): EmittedChange[] =>
  came
    .filter(({ type }) => /created|updated|deleted/.test(type))
    .map(({ id, data }) => changeOf(id, data))
    .filter(({ name }) => name.startsWith('kept-'))

/** Names of the destinations of current flows, and their number. */
async function named(weir: WeirProcess): Promise<unknown> {
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 1, perDatagram: 3, addresses: 1 })
  const before = flows().length
  await sender.start()
  sender.send()
  await expect.poll(() => flows().length, patience).toBe(before + 3)
  await sender.close()
  return flows()
    .slice(before)
    .map(
      ({ data }) =>
        `${String(data['src_kind'])} ${String(data['src_namespace'])}/${String(data['src_name'])} of ` +
        `${String(data['cluster'])}`,
    )
}

/** Rows in flight when a deliverer was killed are redelivered, with their ids. */
const flows = (): Event[] => [
  ...new Map(came.filter(({ type }) => type === 'io.weir.flow.v1').map((event) => [event.id, event])).values(),
]

/** Waits until all writes have been published. */
async function judged(churn: Churn): Promise<void> {
  await expect.poll(() => churn.judge(changes()), patience).toEqual([])
}

test('each change is published once when a collector loses its folder or another takes over', async () => {
  const churn = new Churn(stage.kube, 'kept')
  const pods = '/api/v1/namespaces/default/pods'
  await stage.kube.call('POST', pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1' },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  })
  // The address in the exported flow.
  await stage.kube.call(
    'PATCH',
    `${pods}/web-1/status`,
    { status: { phase: 'Running', podIP: '10.0.0.0', podIPs: [{ ip: '10.0.0.0' }] } },
    'application/merge-patch+json',
  )
  const deliverer = await start(['deliverer', 'api'], 'deliverer-1')
  const first = await start(['collector'], 'collector-1')
  await expect.poll(() => first.metric('weir_kubernetes_state_bytes'), patience).toBeGreaterThan(0)
  await churn.run(2, 15)
  await judged(churn)
  const web = Array.from({ length: 3 }, () => 'Pod default/web-1 of c1')
  expect(await named(first)).toEqual(web)
  const stored = async (what: string): Promise<number> =>
    Number((await deliverer.sql<{ n: number }>(`SELECT count(*)::INT AS n FROM ${what}`))[0]?.n)
  await expect.poll(() => stored("flows WHERE src_name = 'web-1' AND cluster = 'c1'"), patience).toBe(3)
  // In the middle of a churn, with changes reported later.
  const writing = churn.run(2, 60, 20)
  await first.kill()
  await rm(first.data, { recursive: true })
  await writing
  await first.start()
  await churn.run(2, 10)
  await judged(churn)
  expect(first.lastLog).toContain('The state of the cluster was restored from the journal.')
  const second = await start(['collector'], 'collector-2')
  await expect
    .poll(
      async () =>
        (await second.get<{ clusters: readonly { synced: boolean; lease?: { state: string } }[] }>('/api/v1/clusters'))
          .clusters[0],
      patience,
    )
    .toMatchObject({ synced: true, lease: { state: 'stands by' } })
  await first.kill()
  await churn.run(2, 10)
  await judged(churn)
  await expect.poll(() => second.metric('weir_kubernetes_lease_held'), patience).toBe(1)
  // It has seen none of this: it reads the state from the journal.
  await deliverer.kill()
  await rm(deliverer.data, { recursive: true })
  await deliverer.start()
  expect(await named(second)).toEqual(web)
  // An API reads everything again.
  await expect
    .poll(() => stored("events WHERE family = 'change' AND subject LIKE 'configmaps/default/kept-%'"), patience)
    .toBe(churn.writes)
}, 240_000)
