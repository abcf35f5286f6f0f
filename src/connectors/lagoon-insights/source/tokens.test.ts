import { expect, onTestFinished, test } from 'vitest'
import { TestJournal } from '../../../../test/conformance/test-journal.ts'
import { fakeHost, type FakeHost } from '../../../../test/kit/fake-host.ts'
import { MemoryCluster } from '../../../../test/kit/memory-cluster.ts'
import { mintToken, verifyToken } from '../../../net/lagoon-token.ts'
import { Cluster } from '../client.ts'
import { Namespaces } from './namespaces.ts'
import { TokenController } from './tokens.ts'

const secret = 's'.repeat(32)
const labels = { 'lagoon.sh/environmentId': '777', 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' }
const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }

interface Options {
  readonly secrets?: readonly string[]
  readonly lifetime?: number
  readonly target?: string
}

class Stage {
  readonly server = new MemoryCluster()
  readonly host: FakeHost = fakeHost(1)

  constructor() {
    this.namespace('proj-main')
  }

  namespace(name: string, own: Readonly<Record<string, string>> = labels, more: object = {}): void {
    this.server.put('namespaces', { metadata: { name, labels: own, ...more } })
  }

  /** A Secret as another program or an earlier Weir left it. */
  secret(token: string, own: Readonly<Record<string, string>> = { 'lagoon.sh/insights-token': 'true' }): void {
    const data = { INSIGHTS_TOKEN: Buffer.from(token).toString('base64') }
    this.server.put('secrets', { metadata: { name: 'insights-token', namespace: 'proj-main', labels: own }, data })
  }

  /** Starts the controller, and waits until it has nothing to do. */
  async run({ secrets = [secret], lifetime, target }: Options = {}): Promise<void> {
    const { host } = this
    const abort = new AbortController()
    const cluster = new Cluster(this.server.client, host)
    const namespaces = new Namespaces()
    const context = { ...new TestJournal().context(1), host }
    const controller = new TokenController({
      config: { token_lifetime: lifetime ?? null, target_label: target ?? null, token_algorithms: 'HS256' },
      context,
      cluster,
      namespaces,
      secrets,
    })
    const running = [namespaces.run(cluster, context, abort.signal), controller.run(abort.signal)]
    onTestFinished(async () => {
      abort.abort()
      await host.advance(60_000)
      await Promise.all(running)
    })
    await host.settle()
  }

  get token(): string {
    const data = this.server.get('secrets', 'insights-token', 'proj-main')?.['data'] as
      | Record<string, string>
      | undefined
    return Buffer.from(data?.['INSIGHTS_TOKEN'] ?? '', 'base64').toString()
  }

  /** The claims of the token, once they are these: signatures use threads, which the fake clock does not know. */
  async verified(wanted: Partial<typeof claims> = {}): Promise<object | undefined> {
    const verify = (): ReturnType<typeof verifyToken> =>
      verifyToken(this.token, [secret], { algorithms: ['HS256'], now: this.host.clock.now() })
    await expect.poll(verify, { interval: 5 }).toMatchObject({ ...claims, ...wanted })
    return verify()
  }
}

test('each namespace of an environment gets a Secret with its token; others get none', async () => {
  const it = new Stage()
  it.namespace('no-id', { 'lagoon.sh/project': 'p', 'lagoon.sh/environment': 'e' })
  it.namespace('no-project', { 'lagoon.sh/environmentId': '1' })
  it.namespace('ending', labels, { deletionTimestamp: '2026-01-01T00:00:00Z' })
  await it.run()
  expect(await it.verified()).toMatchObject(claims)
  expect(it.server.names('secrets')).toEqual(['proj-main/insights-token'])
  expect(it.token).toBe(await mintToken(secret, claims))
  expect(it.server.get('secrets', 'insights-token', 'proj-main')?.metadata.labels).toEqual({
    'lagoon.sh/insights-token': 'true',
    'lagoon.sh/dynamic-secret': 'insights-token',
  })
})

test('with a target label only namespaces that have it get a token', async () => {
  const it = new Stage()
  it.namespace('other', { ...labels, target: '' })
  await it.run({ target: 'target' })
  await expect.poll(() => it.server.names('secrets'), { interval: 5 }).not.toEqual([])
  expect(it.server.names('secrets')).toEqual(['other/insights-token'])
})

test('a valid token stays as it is', async () => {
  const it = new Stage()
  it.secret(await mintToken(secret, claims))
  it.namespace('second')
  await it.run()
  // The second one is checked after the first.
  await expect.poll(() => it.server.names('secrets'), { interval: 5 }).toContain('second/insights-token')
  expect(it.server.writes).toEqual(['POST /api/v1/namespaces/second/secrets'])
})

test.each([
  ['garbage', () => Promise.resolve('garbage')],
  ['a token of another namespace', () => mintToken(secret, { ...claims, namespace: 'other' })],
  ['a token of an earlier environment id', () => mintToken(secret, { ...claims, environmentId: '776' })],
  ['a token of a renamed project', () => mintToken(secret, { ...claims, projectName: 'old' })],
  ['a token that is signed with an unknown secret', () => mintToken('x'.repeat(32), claims)],
])('%s is replaced', async (_, make) => {
  const it = new Stage()
  it.secret(await make())
  await it.run()
  expect(await it.verified()).toMatchObject(claims)
})

test('a Secret of the name without labels is adopted', async () => {
  const it = new Stage()
  it.secret('anything', {})
  await it.run()
  expect(await it.verified()).toMatchObject(claims)
  expect(it.server.get('secrets', 'insights-token', 'proj-main')?.metadata.labels).toMatchObject({
    'lagoon.sh/insights-token': 'true',
  })
})

test('a token of the previous secret is replaced by one of the current secret', async () => {
  const it = new Stage()
  it.secret(await mintToken('p'.repeat(32), claims))
  await it.run({ secrets: [secret, 'p'.repeat(32)] })
  expect(await it.verified()).toMatchObject(claims)
})

test('a deleted Secret is restored, and changed labels of the namespace change the token', async () => {
  const it = new Stage()
  await it.run()
  expect(await it.verified()).toMatchObject(claims)
  it.server.remove('secrets', 'insights-token', 'proj-main')
  expect(await it.verified()).toMatchObject(claims)
  it.namespace('proj-main', { ...labels, 'lagoon.sh/environmentId': '778' })
  expect(await it.verified({ environmentId: '778' })).toMatchObject({ ...claims, environmentId: '778' })
})

test('a token with a lifetime is replaced after half of it', async () => {
  const it = new Stage()
  const hour = 3_600_000
  await it.run({ lifetime: hour })
  expect(await it.verified()).toMatchObject(claims)
  const first = it.token
  await it.host.advance(hour / 2 - 60_000)
  expect(it.token).toBe(first)
  await it.host.advance(2 * 60_000)
  await expect.poll(() => it.token, { interval: 5 }).not.toBe(first)
  expect(await it.verified()).toMatchObject(claims)
})

test('a failed write is retried', async () => {
  const it = new Stage()
  it.server.failures = 2
  await it.run()
  for (const tried of [1, 2]) {
    await expect.poll(() => it.server.writes.length, { interval: 5 }).toBe(tried)
    await it.host.settle()
    expect(it.token).toBe('')
    await it.host.advance(5000)
  }
  expect(await it.verified()).toMatchObject(claims)
})

test('only Secrets with its label are read', async () => {
  const it = new Stage()
  it.server.put('secrets', { metadata: { name: 'password', namespace: 'proj-main' }, data: { x: 'eA==' } })
  await it.run()
  await it.verified()
  const reads = it.server.reads.filter((path) => path.includes('secrets'))
  expect(reads.length).toBeGreaterThan(0)
  for (const read of reads)
    expect(read).toMatch(
      /^\/api\/v1\/(?:secrets lagoon\.sh\/insights-token|namespaces\/proj-main\/secrets\/insights-token)/,
    )
})
