// Two Weirs with separate journals over a real API server: one reads traces; its successor starts with an empty
// folder.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { realHost } from '../../src/host/index.ts'
import { checkLease } from '../../src/net/kubernetes/lease-check.ts'
import { CtsServer } from '../kit/cts.ts'
import { ExportedCloud, startExporter, type Exporter } from '../kit/cts-exporter.ts'
import { EventReceiver } from '../kit/event-receiver.ts'
import { startWeir } from '../kit/weir-process.ts'
import { kubeconfigOf } from './kit/kube.ts'
import { useKube } from './kit/kube-stage.ts'

const stage = useKube('weir-cts-lease')

interface Lease {
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number }
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
}

const lease = async (name: string): Promise<Lease> =>
  (await stage.kube.call('GET', `/apis/coordination.k8s.io/v1/namespaces/default/leases/${name}`)) as Lease

/** Exporters without a volume that have one Lease, their cloud and their sink. */
async function replicas(name: string) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cts-replicas-'))
  const cloud = await ExportedCloud.start(folder)
  const receiver = await EventReceiver.start()
  const put: string[] = []
  return {
    cloud,
    start: (pod: string): Promise<Exporter> =>
      startExporter({
        ...cloud.env,
        CTS_LEASE: name,
        KUBECONFIG: stage.kubeconfig,
        K_SINK: receiver.url,
        WEIR_DATA: join(folder, pod),
      }),
    happen: (count: number): void => void put.push(...cloud.put(count).map(({ trace_id: id }) => id ?? '')),
    /** Each is sent once, and must be known to the next holder. */
    async settled(): Promise<void> {
      await expect
        .poll(() => receiver.received.map(({ id }) => id).toSorted(), { timeout: 60_000 })
        .toEqual(put.toSorted())
      await expect
        .poll(async () => (await lease(name)).metadata?.annotations?.['weir/checkpoint'] ?? '', { timeout: 60_000 })
        .toContain(`"${put.at(-1) ?? ''}\\`)
    },
    transitions: async (): Promise<number | undefined> => (await lease(name)).spec?.leaseTransitions,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([cloud.stop(), receiver.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

test('kube-apiserver: a replica with an empty folder resumes from the Lease without repeating traces', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cts-lease-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const server = await new CtsServer().start()
  onTestFinished(() => server.stop())
  const project = server.project('eu-de_prod')
  const received: string[] = []
  let isAway = false
  const sink = createServer((request, response) => {
    request.resume().on('end', () => {
      if (!isAway) received.push(String(request.headers['ce-id']))
      response.writeHead(isAway ? 503 : 204).end()
    })
  })
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    sink.closeAllConnections()
    sink.close()
  })
  const auth = { type: 'password', user: server.user.name, domain: server.domain.name, password: server.user.password }
  const cts = {
    type: 'otc-cts',
    iam: `${server.url}/v3`,
    auth,
    projects: [{ name: 'eu-de_prod' }],
    every: '1s',
    look_back: '5m',
    ack: 'sink:out',
    lease: { name: 'cts', kubeconfig: stage.kubeconfig, duration: '3s' },
  }
  const out = {
    type: 'http',
    url: `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`,
    from: ['cts'],
    when_behind: 'block',
  }
  const start = (name: string) =>
    startWeir({
      folder: join(folder, name),
      config: { sources: { cts, netflow: { listen: 'off' } }, sinks: { out }, store: { enabled: 'none' } },
    })
  let at = 0
  const put = (count: number): void =>
    server.put(
      project,
      Array.from({ length: count }, () => ({ trace_id: `t${++at}`, time: Date.now() - 500, trace_name: 'x' })),
    )
  const wanted = (): string[] => Array.from({ length: at }, (_, number) => `t${number + 1}`).toSorted()
  const kept = async (): Promise<string> => (await lease('cts')).metadata?.annotations?.['weir/checkpoint'] ?? ''

  put(100)
  await using one = await start('one')
  await expect.poll(() => received.toSorted(), { timeout: 60_000 }).toEqual(wanted())
  await using two = await start('two')
  put(50)
  await expect.poll(() => received.toSorted(), { timeout: 60_000 }).toEqual(wanted())
  await expect.poll(kept, { timeout: 60_000 }).toContain('t150')
  expect(two.log).not.toContain('This instance reads traces now')
  // Accepted by a journal that goes with its pod, and never delivered from there.
  isAway = true
  put(20)
  const requests = server.requests(/traces$/).length
  await expect.poll(() => server.requests(/traces$/).length, { timeout: 60_000 }).toBeGreaterThan(requests + 4)
  expect(await kept()).not.toContain('t170')
  await one.kill()
  await two.kill()
  isAway = false
  await using three = await start('three')
  await expect.poll(() => received.toSorted(), { timeout: 60_000 }).toEqual(wanted())
  expect(three.log).toContain('This instance reads traces now')
  expect((await lease('cts')).spec?.holderIdentity).not.toBe('')
})

test('kube-apiserver: after a freeze or a kill the other cts-exporter takes over without loss or repeats', async () => {
  await using scene = await replicas('cts-exporter')
  const { start, happen, settled, transitions } = scene

  happen(50)
  await using one = await start('one')
  await settled()
  await using two = await start('two')
  onTestFailed(() => {
    console.log('ONE', one.log(), 'TWO', two.log())
  })
  happen(30)
  await settled()
  expect([await transitions(), two.log().includes('reads traces now')]).toEqual([1, false])
  one.freeze()
  happen(30)
  await settled()
  expect(await transitions()).toBe(2)
  one.thaw()
  await expect.poll(() => one.log(), { timeout: 60_000 }).toContain('another instance is the leader')
  happen(30)
  await settled()
  await two.kill()
  const killed = Date.now()
  happen(30)
  await settled()
  console.log(`taken over, and sent, ${((Date.now() - killed) / 1000).toFixed(1)} s after the kill`)
  expect(await transitions()).toBe(3)
  // Given back, it is free at once.
  expect(await one.stop()).toBe(0)
  expect((await lease('cts-exporter')).spec?.holderIdentity ?? '').toBe('')
  await using three = await start('three')
  happen(10)
  await settled()
  expect(three.log()).toContain('reads traces now')
})

test('kube-apiserver: while it is frozen polling stops, and it resumes without loss or repeats', async () => {
  await using scene = await replicas('frozen')
  const { cloud, start, happen, settled } = scene
  happen(20)
  await using one = await start('one')
  await settled()
  await using two = await start('two')
  onTestFailed(() => {
    console.log('ONE', one.log(), 'TWO', two.log())
  })
  await expect.poll(() => cloud.server.requests(/\/trace$/).length, { timeout: 60_000 }).toBeGreaterThan(2)
  stage.kube.pause()
  try {
    await expect.poll(() => one.log(), { timeout: 60_000 }).toContain('This instance stopped reading traces')
    const requests = cloud.server.requests(/\/trace$/).length
    happen(20)
    await expect
      .poll(() => [one, two].every((each) => each.log().includes('the server does not respond')), { timeout: 60_000 })
      .toBe(true)
    expect(cloud.server.requests(/\/trace$/)).toHaveLength(requests)
  } finally {
    stage.kube.resume()
  }
  await settled()
})

test('kube-apiserver: doctor reports whether an account may take the Lease', async () => {
  const look = (kubeconfig: string) =>
    checkLease(
      { name: 'looked-at', namespace: null, kubeconfig, duration: 10_000 },
      { host: realHost() },
      new AbortController().signal,
    )
  const without = join(stage.dir, 'without-rights')
  await writeFile(without, kubeconfigOf(stage.kube, stage.kube.tokens.weir), { mode: 0o600 })
  expect(await look(stage.kubeconfig)).toEqual([
    { is: 'ok', message: 'Lease default/looked-at: read and write access' },
  ])
  expect(await look(without)).toEqual([
    { is: 'fail', message: expect.stringContaining('the account lacks get, create, update') as string },
  ])
})
