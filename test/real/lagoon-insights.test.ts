// Weir between a real kube-apiserver and a real RabbitMQ; numbers in names are cases of insights-remote's behavior.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { GetMessage } from 'amqplib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { freePorts } from '../kit/free-port.ts'
import { proves } from '../kit/proof.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { install } from './install/apt.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'
import { need } from './kit/need.ts'
import { RabbitObserver } from './kit/rabbitmq-observer.ts'
import { startRabbit, type RabbitServer } from './kit/rabbitmq.ts'

const secret = 'testsecret'
const queue = 'lagoon-insights:items'
/** Of namespace proj-main, environment 777, with this secret. */
const golden =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJFbnZpcm9ubWVudElkIjoiNzc3IiwiRW52aXJvbm1lbnROYW1lIjoibWFpbiIsIk5hbWVzcGFjZSI6InByb2otbWFpbiIsIlByb2plY3ROYW1lIjoicHJvaiJ9.UmB0luGragRPiO4P0j7t-qM8v_AKAXbaV60c4tNHhg8'
const enabled = { 'core.insights.lagoon.sh/enabled': 'true' }
const missing = findKubernetes()

let dir = ''
let kube: Kube
let broker: RabbitServer
let observer: RabbitObserver
let weir: WeirProcess | undefined
let web = ''

interface Written {
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly binaryData?: Record<string, string>
  readonly data?: Record<string, string>
}

interface Meta {
  readonly annotations?: Record<string, string>
  readonly labels?: Record<string, string>
}

const inNamespace = (kind: string, name = ''): string => `/api/v1/namespaces/proj-main/${kind}${name && `/${name}`}`

async function createConfigMap(name: string, { labels, ...rest }: Written): Promise<void> {
  const { annotations, ...content } = rest
  await kube.call('POST', inNamespace('configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels, annotations },
    ...content,
  })
}

const sbom = (name: string): Written => ({
  labels: {
    'lagoon.sh/insightsType': 'sbom-gz',
    'lagoon.sh/service': name,
    'lagoon.sh/project': 'proj',
    'lagoon.sh/environment': 'main',
  },
  annotations: enabled,
  binaryData: { [`${name}.cyclonedx.json.gz`]: gzipSync('{}').toString('base64') },
})

async function metaOf(name: string): Promise<Meta | undefined> {
  const found = await kube.call('GET', inNamespace('configmaps', name)).catch(() => undefined)
  return found?.['metadata'] as Meta | undefined
}

async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(100)
  }
  throw new Error(`${what} did not happen`)
}

const annotated = (name: string, key: string): Promise<Record<string, string>> =>
  until(async () => {
    const { annotations } = (await metaOf(name)) ?? {}
    return annotations?.[key] === undefined ? undefined : annotations
  }, `${key} of ${name}`)

const processed = (name: string): Promise<Record<string, string>> => annotated(name, 'lagoon.sh/insightsProcessed')

async function messagesWith(part: string): Promise<readonly GetMessage[]> {
  // The queue exists after the first delivery.
  return (await observer.received(queue).catch(() => [])).filter(({ content }) => content.toString().includes(part))
}

const messageWith = (part: string): Promise<GetMessage> =>
  until(async () => (await messagesWith(part))[0], `a message with ${part}`)

async function request(
  method: string,
  path: string,
  { token = golden, body }: { readonly token?: string | null; readonly body?: string } = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const answer = await fetch(`${web}${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: token === null ? {} : { authorization: token },
  })
  return { status: answer.status, body: await answer.text() }
}

async function run(more: object = {}): Promise<void> {
  await weir?.stop()
  const [port = 0] = await freePorts(1)
  web = `http://127.0.0.1:${port}`
  const config = {
    store: { enabled: 'none' },
    sources: {
      insights: {
        type: 'lagoon-insights',
        kubeconfig: join(dir, 'kubeconfig'),
        listen: `127.0.0.1:${port}`,
        token_secret: `file:${join(dir, 'secret')}`,
        allow_weak_secret: true,
        tokens: true,
        ack: 'sink:lagoon',
        ...more,
      },
    },
    sinks: {
      lagoon: {
        type: 'lagoon',
        url: broker.url,
        from: ['insights'],
        when_behind: 'block',
        delivery: { retry_initial: '100ms', retry_max: '500ms' },
      },
    },
  }
  weir = await startWeir({ folder: dir, config })
}

beforeAll(async () => {
  if (missing.path === undefined || (await install(program)).path === undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-insights-'))
  ;[kube, broker] = await Promise.all([startKube(dir), startRabbit()])
  observer = new RabbitObserver(broker.url)
  await writeFile(join(dir, 'kubeconfig'), kubeconfigOf(kube), { mode: 0o600 })
  await writeFile(join(dir, 'secret'), secret, { mode: 0o600 })
  await kube.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'proj-main',
      labels: { 'lagoon.sh/environmentId': '777', 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' },
    },
  })
  await run()
}, 240_000)

afterAll(async () => {
  await weir?.stop()
  await observer?.close()
  await broker?.[Symbol.asyncDispose]()
  await kube?.stop()
  if (dir !== '') await rm(dir, { recursive: true, force: true })
})

beforeEach(async (context) => {
  if (missing.path === undefined) return context.skip(missing.reason)
  await need(context, program)
})

describe('ConfigMaps', () => {
  proves('source', { system: 'lagoon-insights', server: 'kube-apiserver', version: () => '1.34.4' })
  proves('sink', { system: 'lagoon', server: 'RabbitMQ', version: () => observer.version() })

  test('1: a report is published in the form of insights-remote, persistent, and its ConfigMap is marked', async () => {
    await createConfigMap('one', sbom('one'))
    const { content, properties } = await messageWith('one.cyclonedx')
    expect(content.toString()).toBe(
      '{"payload":null,"binaryPayload":{"one.cyclonedx.json.gz":"H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA=="},' +
        '"annotations":{"core.insights.lagoon.sh/enabled":"true"},"labels":{"lagoon.sh/environment":"main",' +
        '"lagoon.sh/insightsType":"sbom-gz","lagoon.sh/project":"proj","lagoon.sh/service":"one"},' +
        '"namespace":"proj-main","environment":"main","service":"one","project":"proj","type":"sbom"}',
    )
    expect(properties.deliveryMode).toBe(2)
    expect(await processed('one')).toMatchObject({
      'core.insights.lagoon.sh/status': 'success',
      'insights.lagoon.sh/retries': '0',
      'lagoon.sh/insightsProcessed': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    })
    expect(await messagesWith('one.cyclonedx')).toHaveLength(1)
  })

  test('3: an explicit type wins over the trigger label', async () => {
    const { labels, ...rest } = sbom('three')
    await createConfigMap('three', { ...rest, labels: { ...labels, 'insights.lagoon.sh/type': 'inspect' } })
    expect((await messageWith('three.cyclonedx')).content.toString()).toContain('"type":"inspect"')
  })

  test('8: an unknown type is rejected once, with a reason and a Kubernetes event', async () => {
    await createConfigMap('eight', { ...sbom('eight'), labels: { 'lagoon.sh/insightsType': 'foo' } })
    expect(await annotated('eight', 'insights.lagoon.sh/rejected')).toMatchObject({
      'insights.lagoon.sh/rejected': 'unknown-type',
    })
    await until(async () => {
      const { items } = (await kube.call('GET', inNamespace('events'))) as { items: { reason: string }[] }
      return items.find(({ reason }) => reason === 'InsightsRejected')
    }, 'the event')
    expect(await messagesWith('eight.cyclonedx')).toEqual([])
  })

  test('9: a report without consent is not published, and marked as skipped', async () => {
    await createConfigMap('nine', { ...sbom('nine'), annotations: {} })
    expect(await processed('nine')).toMatchObject({ 'core.insights.lagoon.sh/status': 'skipped:not-enabled' })
    expect(await messagesWith('nine.cyclonedx')).toEqual([])
  })

  test('11 and 12: labels of the namespace win, and text data is not sent', async () => {
    const { labels, ...rest } = sbom('eleven')
    await createConfigMap('eleven', { ...rest, data: { a: 'b' }, labels: { ...labels, 'lagoon.sh/project': 'other' } })
    const text = (await messageWith('eleven.cyclonedx')).content.toString()
    expect(text).toContain('"lagoon.sh/project":"proj"')
    expect(text).toContain('{"payload":null,')
  })

  test('36: a gzip bomb is rejected', async () => {
    await createConfigMap('bomb', {
      ...sbom('bomb'),
      binaryData: { 'bomb.json.gz': gzipSync(Buffer.alloc(80 << 20)).toString('base64') },
    })
    expect(await annotated('bomb', 'insights.lagoon.sh/rejected')).toMatchObject({
      'insights.lagoon.sh/rejected': 'too-large-decompressed',
    })
  })
})

describe('tokens and HTTP', () => {
  test('37 and 39: a namespace gets the token of insights-remote, and garbage is replaced', async () => {
    const tokenIs = async (): Promise<string | undefined> => {
      const found = await kube.call('GET', inNamespace('secrets', 'insights-token')).catch(() => undefined)
      const data = found?.['data'] as { INSIGHTS_TOKEN?: string } | undefined
      return Buffer.from(data?.INSIGHTS_TOKEN ?? '', 'base64').toString() === golden ? golden : undefined
    }
    await until(tokenIs, 'the golden token')
    await kube.call(
      'PATCH',
      inNamespace('secrets', 'insights-token'),
      { stringData: { INSIGHTS_TOKEN: 'garbage' } },
      'application/merge-patch+json',
    )
    await until(tokenIs, 'the repaired token')
    await kube.call('DELETE', inNamespace('secrets', 'insights-token'))
    expect(await until(tokenIs, 'the restored token')).toBe(golden)
  })

  test('20 to 28: facts, problems and deletions are published byte for byte', async () => {
    const fact =
      '{"environment":"777","projectName":"proj","environmentName":"main","name":"a<b","value":"1",' +
      '"source":"InsightsRemoteWebService","description":"","type":"","category":"","service":""}'
    const body = '{"facts":[{"name":"a<b","value":"1","environment":"1"}],"type":"direct.delete.facts"}'
    expect(await request('POST', '/facts', { body })).toEqual({ status: 200, body: '{"message":"okay"}' })
    expect((await messageWith('direct.facts')).content.toString()).toBe(
      `{"environment":777,"projectName":"proj","environmentName":"main","facts":[${fact.replace('<', '\\u003c')}],` +
        '"type":"direct.facts"}',
    )
    const problem = '[{"identifier":"X","environment":4,"severityScore":7.5,"data":"{}"}]'
    expect((await request('POST', '/problems', { body: problem, token: `Bearer ${golden}` })).status).toBe(200)
    expect((await messageWith('direct.problems')).content.toString()).toBe(
      '{"environment":777,"projectName":"proj","environmentName":"main","problems":[{"environment":777,' +
        '"identifier":"X","source":"InsightsRemoteWebService","data":"{}","severity":"UNKNOWN",' +
        '"severityScore":0.75}],"type":"direct.problems"}',
    )
    expect((await request('DELETE', '/problems/src/cli')).status).toBe(200)
    expect((await messageWith('direct.delete.problems')).content.toString()).toBe(
      '{"type":"direct.delete.problems","environment":777,"source":"src","service":"cli"}',
    )
    expect((await request('POST', '/facts', { body: '{bad' })).status).toBe(400)
    expect((await request('POST', '/problems', { body: '{}' })).status).toBe(400)
    expect((await request('GET', '/facts')).status).toBe(404)
  })

  test('29 to 35: missing, unsigned, tampered, expired and foreign tokens are refused', async () => {
    const [header = '', payload = '', mac = ''] = golden.split('.')
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
    const expired = await mintToken(secret, claims, { now: Date.now() - 7_200_000, ms: 3_600_000 })
    const refused = {
      absent: null,
      abc: 'abc',
      none: `${encoded({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      tampered: `${header}.${encoded({ ...claims, EnvironmentId: '778' })}.${mac}`,
      'another secret': await mintToken('another secret', claims),
      expired,
    }
    for (const [what, token] of Object.entries(refused))
      expect([what, (await request('POST', '/facts', { body: '[]', token })).status]).toEqual([what, 401])
    const foreign = await mintToken(secret, { ...claims, environmentId: '778' })
    expect((await request('POST', '/facts', { body: '[]', token: foreign })).status).toBe(403)
    expect((await request('POST', '/facts', { body: ' '.repeat(5 << 20) })).status).toBe(413)
  })
})

test(
  'no ConfigMap is burnt before its delivery, over an outage of the broker and a kill',
  { timeout: 180_000 },
  async () => {
    await run({ burn: true })
    await broker.kill()
    const all = Array.from({ length: 20 }, (_, index) => `outage-${index}`)
    for (const name of all) await createConfigMap(name, sbom(name))
    await sleep(3000)
    await weir?.kill()
    await run({ burn: true })
    await sleep(2000)
    for (const name of all) expect((await metaOf(name))?.annotations?.['lagoon.sh/insightsProcessed']).toBeUndefined()
    await broker.restart()
    for (const name of all)
      await until(async () => ((await metaOf(name)) === undefined ? name : undefined), `the deletion of ${name}`)
    const ids = (await messagesWith('outage-')).map(({ properties }) => String(properties.messageId))
    expect(new Set(ids).size).toBe(all.length)
    expect(await metaOf('nine')).toBeDefined()
  },
)
