// Traces of `weir kollect`: a real cluster, a real NATS, and real receivers of traces.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node'
import { afterAll, describe, expect, test, type TestContext } from 'vitest'
import { decodeEnvelope } from '../../src/codecs/kollect/index.ts'
import { prove } from '../kit/proof.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { nats as program } from './install/nats.ts'
import { installCollector } from './install/otel-collector.ts'
import { installZipkin } from './install/zipkin.ts'
import { startKollect } from './kit/kollect.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'
import { startCollector, startZipkin, type SeenSpan, type TraceReceiver } from './kit/traces.ts'

const limit = 60_000
const maps = '/api/v1/namespaces/default/configmaps'

interface Scene {
  readonly kube: Kube
  readonly bus: NatsServer
  readonly connection: NatsConnection
  readonly received: Msg[]
  readonly subscription: Subscription
  readonly dir: string
  /** As kollect is started, but for where traces go. */
  readonly env: Readonly<Record<string, string>>
}

let scene: Scene | undefined
const receivers: TraceReceiver[] = []

/** One cluster and one bus for all. */
async function opened(context: TestContext): Promise<Scene> {
  const found = findKubernetes()
  if (found.path === undefined) return context.skip(found.reason)
  await need(context, program)
  if (scene !== undefined) return scene
  const dir = await mkdtemp(join(tmpdir(), 'weir-traces-'))
  const [kube, bus] = await Promise.all([startKube(dir), startNats({ jetstream: false, dir })])
  const connection = await connect({ servers: bus.url })
  const received: Msg[] = []
  const subscription = connection.subscribe('cluster.changes', {
    callback: (error, message) => void (error ?? received.push(message)),
  })
  await connection.flush()
  const kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf(kube), { mode: 0o600 })
  const env = {
    EVENT_WRITER_URL: 'nats://cluster.changes',
    NATS_SERVER_URL: bus.url,
    CLUSTER_ID: 'c1',
    KUBECONFIG: kubeconfig,
    WEIR_DATA: '',
  }
  return (scene = { kube, bus, connection, received, subscription, dir, env })
}

afterAll(async () => {
  for (const receiver of receivers) await receiver.stop()
  await scene?.connection.close()
  await scene?.bus[Symbol.asyncDispose]()
  await scene?.kube.stop()
  if (scene !== undefined) await rm(scene.dir, { recursive: true, force: true })
})

interface ReceivedMessage {
  readonly id: string
  readonly uid: string
  readonly bytes: number
  readonly traceparent: string | undefined
}

/** What a consumer got of an object. */
function receivedOf({ received }: Scene, name: string): ReceivedMessage[] {
  return received.flatMap((message) => {
    const { id, payload } = decodeEnvelope(message.data)
    if (payload.is === 'unknown' || payload.name !== name) return []
    return [{ id, uid: payload.uid, bytes: message.data.length, traceparent: message.headers?.get('ce-traceparent') }]
  })
}

/** Creates, changes and deletes a ConfigMap, and searches its spans at the target. */
async function followed(at: Scene, receiver: TraceReceiver, name: string): Promise<void> {
  await at.kube.call('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value: 'one' } })
  await at.kube.call('PATCH', `${maps}/${name}`, { data: { value: 'two' } }, 'application/merge-patch+json')
  await at.kube.call('DELETE', `${maps}/${name}`)
  await expect.poll(() => receivedOf(at, name).length, { timeout: limit }).toBe(3)
  const messages = receivedOf(at, name)
  const tracesOf = async (): Promise<SeenSpan[][]> => {
    const spans = await receiver.spans()
    return messages.map(({ id }) =>
      spans
        .filter(({ traceId }) => traceId === id.replaceAll('-', ''))
        .toSorted((a, b) => (a.parentId ?? '').localeCompare(b.parentId ?? '')),
    )
  }
  await expect.poll(async () => (await tracesOf()).map(({ length }) => length), { timeout: limit }).toEqual([2, 2, 2])
  for (const [index, [recorded, write]] of (await tracesOf()).entries()) {
    const [what, type] =
      [
        ['Create', 'Created'],
        ['Update', 'Updated'],
        ['Delete', 'Deleted'],
      ][index] ?? []
    const { id, uid, bytes, traceparent } = messages[index] ?? expect.unreachable('as many traces as messages')
    // Zipkin makes names small.
    expect(recorded).toMatchObject({
      name: expect.stringMatching(new RegExp(`^Resource\\.${what}$`, 'i')) as string,
      parentId: undefined,
    })
    expect(recorded?.tags).toEqual({
      'cluster.id': 'c1',
      'k8s.group': '',
      'k8s.version': 'v1',
      'k8s.kind': 'ConfigMap',
      'k8s.namespace': 'default',
      'k8s.name': name,
      'k8s.uid': uid,
    })
    expect(write).toMatchObject({
      name: expect.stringMatching(/^Event\.Write$/i) as string,
      parentId: recorded?.id,
      kind: expect.stringMatching(/^producer$/i) as string,
    })
    expect(write?.tags).toEqual({
      'weir.sink': 'kollect',
      'event.type': `kollect.resource.event.v1.Resource${type}Event`,
      'event.id': id,
      'event.key': `c1/${uid}`,
      'event.size': String(bytes),
    })
    expect(traceparent).toBe(`00-${write?.traceId}-${write?.id}-01`)
  }
}

async function metric(opsUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

describe('zipkin', () => {
  test('each change is a trace with the id of its event; without Zipkin changes are still emitted', async (context) => {
    const installed = await installZipkin()
    if (installed.path === undefined) return context.skip(installed.reason)
    const at = await opened(context)
    const receiver = await startZipkin(installed.path)
    receivers.push(receiver)
    await using weir = await startKollect(join(at.dir, 'zipkin'), {
      ...at.env,
      TELEMETRY_URL: `zipkin://${receiver.address}/api/v2/spans`,
    })
    const value = Buffer.from('a-secret-that-nobody-may-read').toString('base64')
    await at.kube.call('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hidden' },
      data: { password: value },
    })
    await followed(at, receiver, 'seen')
    await prove(context.task.meta, 'traces', { system: 'zipkin', server: 'Zipkin', version: receiver.version })
    await expect
      .poll(async () => (await receiver.spans()).filter(({ tags }) => tags['k8s.name'] === 'hidden').length, {
        timeout: limit,
      })
      .toBe(1)
    const all = JSON.stringify(await receiver.spans())
    for (const secret of [value, 'a-secret-that-nobody-may-read']) expect(all).not.toContain(secret)
    await receiver.stop()
    for (let index = 0; index < 20; index++)
      await at.kube.call('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `unseen-${index}` } })
    await expect
      .poll(() => new Set(Array.from({ length: 20 }, (_, index) => receivedOf(at, `unseen-${index}`).length)), {
        timeout: limit,
      })
      .toEqual(new Set([1]))
    await expect
      .poll(() => metric(weir.opsUrl, 'weir_traces_dropped_spans_total{reason="not_taken"}'), { timeout: limit })
      .toBeGreaterThan(0)
    expect(await weir.stop()).toBe(0)
  }, 240_000)
})

describe('otel-collector', () => {
  test('each change is a trace under the id of its event, by OTLP', async (context) => {
    const installed = await installCollector()
    if (installed.path === undefined) return context.skip(installed.reason)
    const at = await opened(context)
    const receiver = await startCollector(installed.path, at.dir)
    receivers.push(receiver)
    await using weir = await startKollect(join(at.dir, 'otlp'), {
      ...at.env,
      TELEMETRY_URL: `otlp://${receiver.address}`,
    })
    await followed(at, receiver, 'collected')
    await prove(context.task.meta, 'traces', {
      system: 'otlp',
      server: 'OpenTelemetry Collector',
      version: receiver.version,
    })
    expect(await metric(weir.opsUrl, 'weir_traces_sent_spans_total')).toBeGreaterThanOrEqual(6)
    expect(await weir.stop()).toBe(0)
  }, 240_000)
})
