import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { consumeKollect } from '../../clients/kollect/index.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { findKubectl } from './install/kubectl.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { nats as program } from './install/nats.ts'
import { startKollect, type Kollect } from './kit/kollect.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

const limit = 60_000
const missing = findKubernetes()
let dir = ''
let kube: Kube | undefined
let bus: NatsServer | undefined
let weir: Kollect | undefined
let connection: NatsConnection | undefined
const received: string[] = []
let messages: { stop(): void } | undefined
let consuming: Promise<unknown> | undefined

beforeAll(async () => {
  if (missing.path === undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-kollect-'))
  kube = await startKube(dir)
}, 180_000)
afterAll(async () => {
  await weir?.[Symbol.asyncDispose]()
  messages?.stop()
  await consuming
  await connection?.close()
  await bus?.[Symbol.asyncDispose]()
  await kube?.stop()
  if (dir !== '') await rm(dir, { recursive: true, force: true })
})

/** A kubeconfig for the account that the manifests make, with the rights that they give it. */
async function accountOf(cluster: Kube, overlay: string): Promise<string> {
  const config = async (name: string, token: string): Promise<string> => {
    const path = join(dir, name)
    await writeFile(path, kubeconfigOf(cluster, token), { mode: 0o600 })
    return path
  }
  const applied = await runCommand(
    'kubectl',
    [
      '--kubeconfig',
      await config('admin', cluster.tokens.admin),
      'apply',
      '--server-side',
      '-k',
      join(ROOT, 'deploy/kustomize/kollect/overlays', overlay),
    ],
    { limit: 120_000, env: { HOME: dir } },
  )
  expect([applied.code, applied.code === 0 ? '' : applied.output]).toEqual([0, ''])
  const tokenRequest = await cluster.call('POST', '/api/v1/namespaces/kollect/serviceaccounts/kollect/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  })
  return config('account', (tokenRequest['status'] as { token: string }).token)
}

async function listen(url: string): Promise<void> {
  connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'CHANGES', subjects: ['cluster.changes'] })
  await manager.consumers.add('CHANGES', { durable_name: 'test', ack_policy: AckPolicy.Explicit })
  const from = await (await jetstream(connection).consumers.get('CHANGES', 'test')).consume()
  messages = from
  const of = (object: Readonly<Record<string, unknown>>): string =>
    `${String(object['kind'])} ${(object['metadata'] as { name: string }).name} ${JSON.stringify(object['data'] ?? {})}`
  const failures: unknown[] = []
  consuming = consumeKollect(from, {
    onCreated: (cluster, object) => void received.push(`${cluster} created ${of(object)}`),
    onUpdated: (cluster, before, after) => void received.push(`${cluster} updated ${of(before)} to ${of(after)}`),
    onDeleted: (cluster, _uid, { kind, name }) => void received.push(`${cluster} deleted ${kind} ${name}`),
    onMalformed: (error) => void failures.push(error),
  })
}

const ofTest = (): string[] => received.filter((line) => line.includes(' sample'))
const maps = '/api/v1/namespaces/default/configmaps'
const map = (value: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'sample' },
  data: { value },
})

async function needAll(context: TestContext): Promise<void> {
  if (missing.path === undefined) return context.skip(missing.reason)
  const kubectl = await findKubectl()
  if (kubectl.path === undefined) return context.skip(kubectl.reason)
  await need(context, program)
}

describe('kube-apiserver', () => {
  test("weir kollect publishes with the rights of kollect's manifests, also after a stop", async (context) => {
    await needAll(context)
    const cluster = kube ?? expect.unreachable('there is no cluster')
    bus = await startNats({ jetstream: true, dir })
    const account = await accountOf(cluster, 'with-secrets')
    await listen(bus.url)
    await cluster.call('POST', maps, { ...map('before'), metadata: { name: 'sample-too' } })
    const env = {
      EVENT_WRITER_URL: 'nats://cluster.changes?stream=CHANGES',
      NATS_SERVER_URL: bus.url,
      CLUSTER_ID: 'c1',
      KUBECONFIG: account,
      WEIR_DATA: '',
    }
    weir = await startKollect(join(dir, 'data'), env)
    const { opsUrl } = weir
    await cluster.call('POST', maps, map('one'))
    await cluster.call('PATCH', `${maps}/sample`, { data: { value: 'two' } }, 'application/merge-patch+json')
    const secret = Buffer.from('a-secret-that-nobody-may-read').toString('base64')
    await cluster.call('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'sample' },
      data: { password: secret },
    })
    await expect.poll(() => ofTest().length, { timeout: limit }).toBe(3)
    expect(ofTest().filter((line) => line.includes('ConfigMap'))).toEqual([
      'c1 created ConfigMap sample {"value":"one"}',
      'c1 updated ConfigMap sample {"value":"one"} to ConfigMap sample {"value":"two"}',
    ])
    expect(ofTest().some((line) => line.startsWith('c1 created Secret sample'))).toBe(true)
    expect(received.join('\n')).not.toContain(secret)

    const ops = (path: string): Promise<Response> => fetch(opsUrl + path)
    expect([(await ops('/__/health')).status, (await ops('/__/ready')).status]).toEqual([200, 200])
    await expect
      .poll(
        async () =>
          (await (await ops('/__/metrics')).text())
            .split('\n')
            .filter((line) => line.startsWith('kollect_') && line.includes('ConfigMap')),
        { timeout: limit },
      )
      .toEqual([
        'kollect_resource_created_total{group="",version="v1",kind="ConfigMap",namespace="default"} 1',
        'kollect_resource_updated_total{group="",version="v1",kind="ConfigMap",namespace="default"} 1',
      ])

    expect(await weir.stop()).toBe(0)
    await cluster.call('DELETE', `${maps}/sample`)
    const before = received.length
    weir = await startKollect(join(dir, 'data'), env)
    await expect.poll(() => ofTest().at(-1), { timeout: limit }).toBe('c1 deleted ConfigMap sample')
    // Other messages would have arrived before, or with it.
    await sleep(500)
    expect(received.slice(before).filter((line) => line.includes(' created '))).toEqual([])
    expect(await weir.stop()).toBe(0)
  }, 240_000)
})
