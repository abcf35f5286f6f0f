// insights-remote, built from its source, and `weir insights-remote` on one API server and one broker, with the same
// variables: their messages, tokens, marks and responses are compared.
import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Cluster, Conflict } from '../../src/connectors/lagoon-insights/client.ts'
import { realHost } from '../../src/host/index.ts'
import { metaOf } from '../../src/net/kubernetes/follow-collection.ts'
import { install } from './install/apt.ts'
import { findInsightsRemote } from './install/insights-remote.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import { startInsightsRemote, type InsightsRemote } from './kit/insights-remote.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'
import { need } from './kit/need.ts'
import { RabbitObserver } from './kit/rabbitmq-observer.ts'
import { startRabbit, type RabbitServer } from './kit/rabbitmq.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'
const queue = 'lagoon-insights:items'
const [kubernetes, original] = [findKubernetes(), findInsightsRemote()]
const namespace = '/api/v1/namespaces/proj-main'
const enabled = { 'core.insights.lagoon.sh/enabled': 'true' }
const labels = { 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main', 'lagoon.sh/service': 'cli' }
const binaryData = { 'cli.json.gz': gzipSync('{"a":"<b>"}').toString('base64') }

let dir = ''
let kube: Kube
let broker: RabbitServer
let observer: RabbitObserver

beforeAll(async () => {
  if (kubernetes.path === undefined || original.path === undefined) return
  if ((await install(program)).path === undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-insights-remote-'))
  ;[kube, broker] = await Promise.all([startKube(dir), startRabbit()])
  observer = new RabbitObserver(broker.url)
  await writeFile(join(dir, 'kubeconfig'), kubeconfigOf(kube), { mode: 0o600 })
  const ids = { 'lagoon.sh/environmentId': '777', 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' }
  for (const [name, own] of Object.entries({ 'proj-main': ids, 'no-project': { 'lagoon.sh/environment': 'x' } }))
    await kube.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: own },
    })
}, 240_000)

afterAll(async () => {
  await observer?.close()
  await broker?.[Symbol.asyncDispose]()
  await kube?.stop()
  if (dir !== '') await rm(dir, { recursive: true, force: true })
})

beforeEach(async (context) => {
  if (kubernetes.path === undefined) return context.skip(kubernetes.reason)
  if (original.path === undefined) return context.skip(original.reason)
  await need(context, program)
})

async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(100)
  }
  throw new Error(`${what} did not happen`)
}

/** Runs `act` against both, one after the other. */
async function ofBoth<T>(
  flags: readonly string[],
  act: (remote: InsightsRemote) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly [T, T]> {
  const results: T[] = []
  for (const path of [original.path, undefined]) {
    const remote = await startInsightsRemote({
      original: path,
      data: join(dir, `data-${flags.length}-${Object.keys(env).length}-${results.length}`),
      kubeconfig: join(dir, 'kubeconfig'),
      secret,
      broker: `127.0.0.1:${broker.port}`,
      flags: path === undefined ? flags : [],
      env,
    })
    try {
      results.push(await act(remote))
    } finally {
      await remote.stop()
    }
  }
  return [results[0]!, results[1]!]
}

let taken = 0
/** New messages, sorted. */
async function messages(count: number): Promise<readonly string[]> {
  const all = await until(async () => {
    const received = await observer.received(queue).catch(() => [])
    return received.length >= taken + count ? received : undefined
  }, `${count} messages`)
  const found = all.slice(taken).map(({ content }) => content.toString())
  taken = all.length
  return found.sort()
}

interface Case {
  readonly namespace?: string
  readonly labels: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly binaryData?: Record<string, string>
  readonly data?: Record<string, string>
}

type Marks = Readonly<Record<string, string>>

/** Final annotations of each ConfigMap and the messages, as one program makes them. */
async function reports(cases: Readonly<Record<string, Case>>, sent: number) {
  const place = (name: string): string => `/api/v1/namespaces/${cases[name]?.namespace ?? 'proj-main'}/configmaps`
  for (const [name, { labels: own, annotations = enabled, binaryData: files, data }] of Object.entries(cases))
    await kube.call('POST', place(name), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: own, annotations },
      binaryData: files ?? binaryData,
      ...(data === undefined ? {} : { data }),
    })
  const bodies = await messages(sent)
  const marks: Record<string, Marks> = {}
  for (const name of Object.keys(cases)) {
    const { annotations } = await until(async () => {
      const { metadata } = await kube.call('GET', `${place(name)}/${name}`)
      const meta = metadata as { readonly annotations: Marks }
      return meta.annotations['lagoon.sh/insightsProcessed'] === undefined ? undefined : meta
    }, `the mark of ${name}`)
    expect(annotations['lagoon.sh/insightsProcessed']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    marks[name] = { ...annotations, 'lagoon.sh/insightsProcessed': 'time' }
    await kube.call('DELETE', `${place(name)}/${name}`)
  }
  return { bodies, marks }
}

test('1, 2, 3 and 10: messages and marks of reports are equal', { timeout: 180_000 }, async () => {
  const cases: Record<string, Case> = {
    sbom: { labels: { ...labels, 'lagoon.sh/insightsType': 'sbom-gz', 'lagoon.sh/buildName': 'b-1' } },
    image: { labels: { ...labels, 'lagoon.sh/insightsType': 'image-gz' } },
    explicit: { labels: { ...labels, 'lagoon.sh/insightsType': 'sbom-gz', 'insights.lagoon.sh/type': 'inspect' } },
    nameless: {
      labels: { 'lagoon.sh/insightsType': 'sbom-gz', 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' },
    },
    letters: {
      labels: { ...labels, 'lagoon.sh/insightsType': 'sbom-gz' },
      annotations: { ...enabled, 'lagoon.sh/branch': 'feature/<ä&€>\u2028', '10': 'ten', '9': 'nine' },
    },
    'without-project': {
      namespace: 'no-project',
      labels: { 'lagoon.sh/insightsType': 'sbom-gz', 'lagoon.sh/environment': 'x' },
    },
  }
  const [before, weir] = await ofBoth([], () => reports(cases, 6))
  expect(weir.bodies).toEqual(before.bodies)
  expect(Object.entries(weir.marks)).toEqual(Object.entries(before.marks))
})

test('with --strict-compat also those that the handler cannot read are equal', { timeout: 180_000 }, async () => {
  const trigger = { 'lagoon.sh/insightsType': 'sbom-gz' }
  const cases: Record<string, Case> = {
    text: { labels: { ...labels, ...trigger }, data: { b: '2', a: '1' } },
    'several-files': { labels: { ...labels, ...trigger }, binaryData: { z: 'eg==', a: 'YQ==' } },
    foreign: { labels: { ...labels, ...trigger, 'lagoon.sh/project': 'other' } },
    'not-enabled': { labels: { ...labels, ...trigger }, annotations: {} },
  }
  const [before, weir] = await ofBoth(['--strict-compat'], () => reports(cases, 3))
  expect(weir.bodies).toEqual(before.bodies)
  expect(weir.marks).toEqual(before.marks)
})

test('37: Secrets with tokens are equal', { timeout: 120_000 }, async () => {
  const path = `${namespace}/secrets/insights-token`
  await kube.call('DELETE', path).catch(() => undefined)
  const [before, weir] = await ofBoth([], async () => {
    const { metadata, data, type } = await until(() => kube.call('GET', path).catch(() => undefined), 'the Secret')
    const { labels: own, annotations, ownerReferences } = metadata as Readonly<Record<string, unknown>>
    await kube.call('DELETE', path)
    return { own, annotations, ownerReferences, data, type }
  })
  expect(weir).toEqual(before)
  expect(Object.keys(weir.data as object)).toEqual(['INSIGHTS_TOKEN'])
})

const tokenOf = (claims: object, head: object = { alg: 'HS256', typ: 'JWT' }, key = secret): string => {
  const text = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}
const claims = { EnvironmentId: '777', EnvironmentName: 'main', Namespace: 'proj-main', ProjectName: 'proj' }

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: string
  readonly token?: string
}

const token = tokenOf(claims)
const accepted: readonly Call[] = [
  { method: 'POST', path: '/facts', body: '[]' },
  { method: 'POST', path: '/facts', body: 'null' },
  { method: 'POST', path: '/facts', body: '{}' },
  { method: 'POST', path: '/facts', body: '[{"name":"a<b","value":"\u2028","keyFact":true,"type":"TEXT"}]' },
  { method: 'POST', path: '/facts', body: '{"environment":1,"facts":[{"environment":"1","projectName":"x"}]}' },
  { method: 'POST', path: '/problems', body: '[]' },
  { method: 'POST', path: '/problems', body: 'null' },
  {
    method: 'POST',
    path: '/problems',
    body:
      '[{"identifier":"CVE-1","environment":4,"severity":"HIGH","severityScore":0.5,"Version":"1","fixedVersion":"2",' +
      '"service":"cli","data":"{}","associatedPackage":"p","description":"d","links":"l"}]',
  },
  { method: 'DELETE', path: '/facts/src' },
  { method: 'DELETE', path: '/facts/a%20b/cli' },
  { method: 'DELETE', path: '/problems/src' },
  { method: 'DELETE', path: '/problems/src/cli' },
]
const refused: readonly Call[] = [
  { method: 'POST', path: '/facts', body: '{bad' },
  { method: 'POST', path: '/facts', body: '[{"value":8}]' },
  { method: 'POST', path: '/facts', body: '[{"environment":777}]' },
  { method: 'POST', path: '/facts', body: '"text"' },
  { method: 'POST', path: '/facts', body: '' },
  { method: 'POST', path: '/problems', body: '{}' },
  { method: 'POST', path: '/problems', body: '[{"environment":"4"}]' },
  { method: 'POST', path: '/problems', body: '[{"severityScore":"1"}]' },
  { method: 'POST', path: '/none', body: '[]' },
  { method: 'GET', path: '/facts' },
  { method: 'DELETE', path: '/facts' },
  ...[
    tokenOf(claims, { alg: 'none', typ: 'JWT' }),
    tokenOf(claims, undefined, 'another secret of more than 32 bytes'),
    tokenOf({ ...claims, exp: 1 }),
    tokenOf({ ...claims, nbf: 4_000_000_000 }),
    tokenOf({ ...claims, Namespace: undefined }),
    token.replace(/.{4}$/, 'AAAA'),
  ].map((own) => ({ method: 'POST', path: '/facts', body: '[]', token: own })),
]
/** Only with --strict-compat. */
const faults: readonly Call[] = [
  { method: 'POST', path: '/facts', body: '[]', token: 'abc' },
  { method: 'POST', path: '/facts', body: '[]', token: `Bearer ${token}` },
  { method: 'POST', path: '/facts', body: '{"facts":[],"type":"direct.delete.facts"}' },
  { method: 'POST', path: '/problems', body: '[{"severity":"1","severityScore":7.5}]' },
]

async function answers(url: string, calls: readonly Call[]) {
  const found = []
  for (const { method, path, body, token: own = token } of calls) {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: own },
      ...(body === undefined || method === 'GET' ? {} : { body }),
    })
    const text = await response.text()
    const { status } = response
    const word = text.startsWith('{') ? (JSON.parse(text) as { readonly status?: string }).status : undefined
    found.push([method, path, body, status, status === 200 || status === 404 ? text : word])
  }
  return found
}

test(
  '20, 22, 23, 25, 27, 28 and 32: responses and messages of facts and problems are equal',
  { timeout: 120_000 },
  async () => {
    const [before, weir] = await ofBoth([], async ({ url }) => {
      const all = [await answers(url, accepted), await answers(url, refused)]
      return { all, bodies: await messages(accepted.length) }
    })
    expect(weir.bodies).toEqual(before.bodies)
    expect(weir.all).toEqual(before.all)
  },
)

test('with --strict-compat its faults are equal, too', { timeout: 120_000 }, async () => {
  const [before, weir] = await ofBoth(['--strict-compat'], async ({ url }) => ({
    all: await answers(url, faults),
    bodies: await messages(2),
  }))
  expect(weir.bodies).toEqual(before.bodies)
  expect(weir.all).toEqual(before.all)
})

test('34: only Weir refuses a valid token of an environment that does not exist', { timeout: 120_000 }, async () => {
  const foreign: readonly Call[] = [
    { method: 'POST', path: '/facts', body: '[]', token: tokenOf({ ...claims, EnvironmentId: '778' }) },
    { method: 'DELETE', path: '/facts/src', token: tokenOf({ ...claims, Namespace: 'gone' }) },
  ]
  const [before, weir] = await ofBoth([], async ({ url }) =>
    (await answers(url, foreign)).map(([, , , status]) => status),
  )
  expect([before, weir]).toEqual([
    [200, 200],
    [403, 403],
  ])
  await messages(2)
})

interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Marks; readonly annotations?: Marks }
  readonly spec: {
    readonly containers: readonly { readonly env: readonly { readonly name: string; readonly value?: string }[] }[]
    readonly volumes: readonly object[]
    readonly serviceAccountName: string
    readonly restartPolicy: string
  }
}

test('with --strict-compat scans of builds are equal', { timeout: 180_000 }, async () => {
  const pods = `${namespace}/pods`
  const deployments = '/apis/apps/v1/namespaces/proj-main/deployments'
  const podOf = (name: string, own: Marks, env: readonly object[] = []) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: own, annotations: { 'dockerhost.lagoon.sh/name': 'docker-host-2.lagoon.svc' } },
    spec: { containers: [{ name: 'main', image: 'registry/build:1', env }] },
  })
  const variables = [
    ...['PROJECT', 'BRANCH', 'ENVIRONMENT', 'BUILD_TYPE', 'SECRET', 'LAGOON_FEATURE_FLAG_SCAN', 'NAMESPACE'].map(
      (name) => ({ name, value: `of ${name}` }),
    ),
    { name: 'LAGOON_ENVIRONMENT_VARIABLES', valueFrom: { secretKeyRef: { name: 'env', key: 'all' } } },
  ]
  for (const [name, images] of Object.entries({ cli: ['r/cli:1', 'r/nginx:1'], php: ['r/php:1', 'r/nginx:1'] })) {
    const app = { app: name }
    const containers = images.map((image, at) => ({ name: `c${at}`, image }))
    await kube.call('POST', deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        selector: { matchLabels: app },
        template: {
          metadata: { labels: app },
          spec: { containers, initContainers: [{ name: 'init', image: 'r/init:1' }] },
        },
      },
    })
  }
  const scan = async () => {
    const scanning = { 'insights.lagoon.sh/scan-status': 'scanning', 'insights.lagoon.sh/imagescanner': 'true' }
    await kube.call('POST', pods, podOf('insights-scanner-old', scanning))
    await kube.call('POST', pods, podOf('lagoon-build-1', { 'lagoon.sh/buildName': 'b-1' }, variables))
    const succeeded = { status: { phase: 'Succeeded' } }
    await kube.call('PATCH', `${pods}/lagoon-build-1/status`, succeeded, 'application/merge-patch+json')
    const read = (name: string) =>
      kube.call('GET', `${pods}/${name}`).then(
        (pod) => pod as unknown as Pod,
        () => undefined,
      )
    // insights-remote misses a build that succeeds before its caches are filled, until the next change of the build.
    const { metadata, spec } = await until(async () => {
      const touched = { metadata: { annotations: { touched: String(Date.now()) } } }
      await kube.call('PATCH', `${pods}/lagoon-build-1`, touched, 'application/merge-patch+json')
      return read('insights-scanner-lagoon-build-1')
    }, 'the scan')
    const build = await until(async () => {
      const pod = await read('lagoon-build-1')
      return pod?.metadata.labels['insights.lagoon.sh/scanned'] === undefined ? undefined : pod
    }, 'the mark of the build')
    await until(async () => ((await read('insights-scanner-old')) === undefined ? true : undefined), 'the deletion')
    for (const name of ['insights-scanner-lagoon-build-1', 'lagoon-build-1'])
      await kube.call('DELETE', `${pods}/${name}`)
    const { containers, volumes, serviceAccountName, restartPolicy } = spec
    // Workloads are listed in any order.
    const sorted = (text = ''): string => text.split(',').sort().join()
    return {
      labels: metadata.labels,
      annotations: metadata.annotations,
      build: build.metadata.labels,
      containers: containers.map(({ env, ...rest }) => ({
        ...rest,
        env: env.map((one) => (one.name === 'INSIGHT_SCAN_IMAGES' ? { ...one, value: sorted(one.value) } : one)),
      })),
      volumes,
      serviceAccountName,
      restartPolicy,
    }
  }
  const [before, weir] = await ofBoth(['--strict-compat'], scan, {
    ENABLE_BUILD_SCANNING: 'true',
    BUILD_SCANNER_IMAGE: 'registry/scanner:2',
    BUILD_SCANNER_EXTRA_ENV_VARS: 'EXTRA=1,BRANCH=other',
  })
  expect(weir).toEqual(before)
  expect(weir.containers[0]?.env.map(({ name }) => name)).toContain('LAGOON_FEATURE_FLAG_SCAN')
})

test('a ConfigMap that changed since it was read is not deleted', { timeout: 60_000 }, async () => {
  const path = `${namespace}/configmaps/precondition`
  const made = await kube.call('POST', `${namespace}/configmaps`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'precondition' },
  })
  const before = metaOf(made)!
  await kube.call('PATCH', path, { data: { a: 'b' } }, 'application/merge-patch+json')
  const cluster = await Cluster.open(join(dir, 'kubeconfig'), realHost())
  try {
    const never = new AbortController().signal
    await expect(cluster.remove('configmaps', before, never)).rejects.toThrow(Conflict)
    const now = metaOf(await kube.call('GET', path))!
    await cluster.remove('configmaps', now, never)
    expect(await cluster.configMap(now, never)).toBeUndefined()
  } finally {
    cluster.close()
  }
})
