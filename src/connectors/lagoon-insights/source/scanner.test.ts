import { expect, onTestFinished, test } from 'vitest'
import { TestJournal } from '../../../../test/conformance/test-journal.ts'
import { fakeHost, type FakeHost } from '../../../../test/kit/fake-host.ts'
import { MemoryCluster } from '../../../../test/kit/memory-cluster.ts'
import { configFrom } from '../../../schema/index.ts'
import { Cluster } from '../client.ts'
import { insightsSchema } from '../config.ts'
import { BuildScanner } from './scanner.ts'

const namespace = 'proj-main'
const containers = (...images: readonly string[]): object => ({
  template: { spec: { containers: images.map((image) => ({ name: 'a', image })) } },
})

class Stage {
  readonly server = new MemoryCluster()
  readonly host: FakeHost = fakeHost(1)
  readonly results: string[] = []

  workload(kind: string, name: string, spec: object): void {
    this.server.put(kind, { metadata: { name, namespace }, spec })
  }

  build(name: string, phase: string, { labels = {}, env = [] as readonly object[], annotations = {} } = {}): void {
    this.server.put('pods', {
      metadata: { name, namespace, labels: { 'lagoon.sh/buildName': name, ...labels }, annotations },
      spec: { containers: [{ name: 'build', image: 'builder', env }] },
      status: { phase },
    })
  }

  async run({ strict = false } = {}): Promise<void> {
    const { host } = this
    const abort = new AbortController()
    const config = configFrom(insightsSchema, {
      listen: 'off',
      scanner: { image: 'scan:1', env: { B: 'own' } },
      strict,
    })
    const scanner = new BuildScanner({
      config,
      scanner: config.scanner ?? expect.unreachable('no scanner'),
      context: {
        ...new TestJournal().context(1),
        host,
        metrics: { count: (_, __, labels) => void this.results.push(String(labels?.['result'])), set: () => undefined },
      },
      cluster: new Cluster(this.server.client, host),
    })
    const running = scanner.run(abort.signal)
    onTestFinished(async () => {
      abort.abort()
      await host.advance(60_000)
      await running
    })
    await host.settle()
  }

  /** Variables of the scan of a build. */
  env(build: string): Readonly<Record<string, string>> | undefined {
    const found = this.server.get('pods', `insights-scanner-${build}`, namespace)
    const spec = found?.['spec'] as
      | { readonly containers: readonly { readonly env: readonly Variable[] }[] }
      | undefined
    return spec && Object.fromEntries(spec.containers[0]?.env.map(({ name, value = 'ref' }) => [name, value]) ?? [])
  }

  isMarked(build: string): boolean {
    return this.server.get('pods', build, namespace)?.metadata.labels['insights.lagoon.sh/scanned'] === 'true'
  }
}

interface Variable {
  readonly name: string
  readonly value?: string
}

test('a build that succeeds starts a scan of the images of its namespace, and is marked', async () => {
  const it = new Stage()
  it.workload('deployments', 'web', containers('web:1', 'side:1'))
  it.workload('deployments', 'again', containers('web:1'))
  it.workload('statefulsets', 'db', {
    template: { spec: { initContainers: [{ image: 'init:1' }], containers: [{ image: 'db:1' }] } },
  })
  it.workload('cronjobs', 'nightly', { jobTemplate: { spec: containers('job:1') } })
  it.server.put('deployments', { metadata: { name: 'x', namespace: 'other' }, spec: containers('other:1') })
  await it.run()
  const env = [
    { name: 'PROJECT', value: 'proj' },
    { name: 'A_PASSWORD', value: 'x' },
    { name: 'B', value: 'build' },
    { name: 'PR_NUMBER', value: '1' },
    { name: 'LAGOON_FEATURE_FLAG_X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
  ]
  it.build('b-1', 'Running', { env })
  await it.host.settle()
  expect(it.env('b-1')).toBeUndefined()
  it.build('b-1', 'Succeeded', { env })
  await it.host.settle()
  expect(it.env('b-1')).toEqual({
    B: 'own',
    DOCKER_HOST: 'docker-host.lagoon.svc',
    INSIGHT_SCAN_IMAGES: 'web:1,side:1,init:1,db:1,job:1',
    LAGOON_FEATURE_FLAG_X: 'ref',
    NAMESPACE: 'proj-main',
    PROJECT: 'proj',
    PR_NUMBER: '1',
  })
  expect([it.isMarked('b-1'), it.results]).toEqual([true, ['started']])
})

test('with `strict` only containers of Deployments are scanned, repeated ones too', async () => {
  const it = new Stage()
  it.workload('deployments', 'web', {
    template: { spec: { initContainers: [{ image: 'init:1' }], containers: [{ image: 'web:1' }, { image: 'web:1' }] } },
  })
  it.workload('statefulsets', 'db', containers('db:1'))
  it.build('b-1', 'Succeeded', { annotations: { 'dockerhost.lagoon.sh/name': 'host-2' } })
  await it.run({ strict: true })
  expect(it.env('b-1')).toMatchObject({ INSIGHT_SCAN_IMAGES: 'web:1,web:1', DOCKER_HOST: 'host-2' })
})

test('of the builds before the start only the newest one of a namespace is scanned, unless it was', async () => {
  const it = new Stage()
  it.workload('deployments', 'web', containers('web:1'))
  it.build('b-1', 'Succeeded')
  it.build('b-2', 'Succeeded')
  it.build('b-3', 'Failed')
  await it.run()
  expect(it.server.names('pods')).toEqual(['proj-main/b-1', 'proj-main/b-2', 'proj-main/b-3'])
  it.build('b-4', 'Succeeded', { labels: { 'insights.lagoon.sh/scanned': 'true' } })
  await it.host.settle()
  expect(it.env('b-4')).toBeUndefined()
  it.build('b-5', 'Succeeded')
  await it.host.settle()
  it.build('b-6', 'Succeeded')
  await it.host.settle()
  // The scan of the build before is deleted.
  expect(it.server.names('pods').filter((name) => name.includes('scanner'))).toEqual(['proj-main/insights-scanner-b-6'])
})

test('a namespace without workloads is not scanned, and counted', async () => {
  const it = new Stage()
  it.build('b-1', 'Succeeded')
  await it.run()
  expect([it.isMarked('b-1'), it.results]).toEqual([false, ['no_images']])
})

test('a scan that cannot be started is retried, and one that exists counts as started', async () => {
  const it = new Stage()
  it.workload('deployments', 'web', containers('web:1'))
  it.server.failures = 2
  it.build('b-1', 'Succeeded')
  await it.run()
  await it.host.advance(10_000)
  expect(it.results).toEqual(['failed', 'failed', 'started'])
  expect(it.isMarked('b-1')).toBe(true)
})
