import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { AuditData } from '../../src/model/kubernetes.ts'
import { selfSigned } from '../kit/certificate.ts'
import { freePorts } from '../kit/free-port.ts'
import { proves } from '../kit/proof.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { againstKube } from './kit/kube-stage.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'

const missing = findKubernetes()
const token = 'token-of-the-audit-log'
let kube: Kube
let weir: WeirProcess
let dir = ''

/** ConfigMaps with the response, all else without. */
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
  - level: RequestResponse
    resources: [{ group: "", resources: [configmaps] }]
  - level: Metadata
    verbs: [create, update, patch, delete, deletecollection]
    resources: [{ group: "", resources: [secrets, pods, pods/eviction, services] }, { group: apiextensions.k8s.io },
      { group: example.com }]
  - level: None
`

beforeAll(async () => {
  if (missing.path === undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-kube-audit-'))
  const [port = 0] = await freePorts(1)
  await writeFile(join(dir, 'policy.yaml'), policy)
  // The API server sends its token over TLS only.
  const own = selfSigned()
  const [cert_file, key_file] = [join(dir, 'weir.crt'), join(dir, 'weir.key')]
  await writeFile(cert_file, own.cert)
  await writeFile(key_file, own.key)
  await writeFile(
    join(dir, 'webhook.yaml'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'weir',
      contexts: [{ name: 'weir', context: { cluster: 'weir', user: 'weir' } }],
      clusters: [
        {
          name: 'weir',
          cluster: {
            server: `https://127.0.0.1:${port}/audit`,
            'certificate-authority-data': Buffer.from(own.cert).toString('base64'),
          },
        },
      ],
      users: [{ name: 'weir', user: { token } }],
    }),
  )
  kube = await startKube(dir, [
    `--audit-policy-file=${join(dir, 'policy.yaml')}`,
    `--audit-webhook-config-file=${join(dir, 'webhook.yaml')}`,
    // Sent soon and in small batches, and tried again soon enough for a test.
    '--audit-webhook-batch-max-wait=500ms',
    '--audit-webhook-batch-max-size=10',
    '--audit-webhook-initial-backoff=3s',
  ])
  const kubeconfig = join(dir, 'kubeconfig.yaml')
  await writeFile(kubeconfig, kubeconfigOf(kube), { mode: 0o600 })
  const audit = {
    type: 'kube-audit',
    cluster: 'c1',
    listen: `127.0.0.1:${port}`,
    token: 'env:AUDIT_TOKEN',
    tls: { cert_file, key_file },
  }
  weir = await startWeir({
    folder: join(dir, 'weir'),
    env: { AUDIT_TOKEN: token },
    config: {
      sources: {
        audit,
        cluster: {
          type: 'kubernetes',
          cluster: 'c1',
          kubeconfig,
          include: [
            'ConfigMap',
            'Secret',
            'Pod',
            'Service',
            'customresourcedefinitions.apiextensions.k8s.io',
            'widgets.example.com',
          ],
        },
      },
    },
  })
  // Objects that exist before everything is watched are no changes.
  for (
    let waited = 0;
    (await weir.get<{ clusters: readonly { synced: boolean }[] }>('/api/v1/clusters')).clusters[0]?.synced !== true;
    waited += 100
  ) {
    if (waited > 120_000) throw new Error(`the cluster is not watched:\n${weir.lastLog}`)
    await sleep(100)
  }
  await kube.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'weir-writes' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'weir', apiGroup: 'rbac.authorization.k8s.io' }],
  })
}, 240_000)
afterAll(async () => {
  await kube?.stop()
  await weir?.stop()
  await rm(dir, { recursive: true, force: true })
})
beforeEach((context) => {
  if (missing.path === undefined) context.skip(missing.reason)
})
proves('source', ...againstKube('kube-audit', () => kube).slice(0, 1))

interface KubeObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly resourceVersion: string
  }
}

/** Sends requests to the API server as one of two users. */
function as(user: 'admin' | 'weir', method: string, path: string, body?: object): Promise<KubeObject> {
  return new Promise((resolve, reject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const outgoing = request(
      kube.url + path,
      {
        method,
        ca: kube.ca(),
        headers: {
          authorization: `Bearer ${kube.tokens[user]}`,
          'user-agent': 'shell/1.0',
          ...(body === undefined ? {} : { 'content-type': type }),
        },
      },
      (answer) => {
        let text = ''
        answer
          .setEncoding('utf8')
          .on('data', (piece: string) => (text += piece))
          .on('error', reject)
          .on('end', () => {
            if ((answer.statusCode ?? 500) < 300) resolve(JSON.parse(text) as KubeObject)
            else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`))
          })
      },
    )
    outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}

interface Row {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly ref: string
  readonly time: string
  readonly data: AuditData
}

async function auditRows(where: string): Promise<Row[]> {
  const answer = await fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      sql:
        `SELECT id, source, type, subject, ref, time, data FROM events WHERE family = 'audit' AND ${where} ` +
        'ORDER BY time',
    }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Row[]
}

async function allAuditRows(where: string, count: number): Promise<Row[]> {
  for (let waited = 0; ; waited += 200) {
    const rows = await auditRows(where).catch(() => [])
    if (rows.length >= count || waited > 120_000) return rows
    await sleep(200)
  }
}

const base = '/api/v1/namespaces/default'

test.each([
  ['configmaps', 'the emitted value equals the response'],
  ['secrets', 'no content leaves the API server'],
])(
  '%s: two users are distinguished in each change, where %s',
  async (resource) => {
    const [path, data] = [`${base}/${resource}`, resource === 'secrets' ? 'stringData' : 'data']
    const object = await as('admin', 'POST', `${path}?fieldManager=one`, {
      metadata: { name: 'shared' },
      [data]: { value: 'sesame-1' },
    })
    const patched = await as('weir', 'PATCH', `${path}/shared`, { [data]: { value: 'sesame-2' } })
    await as('admin', 'DELETE', `${path}/shared`)
    const rows = await allAuditRows(`subject = '${resource}/default/shared'`, 3)
    expect(
      rows.map(({ data: { verb, user, code, sourceIPs, userAgent, object: of } }) => ({
        verb,
        who: user.username,
        code,
        sourceIPs,
        userAgent,
        name: of?.name,
      })),
    ).toEqual(
      [
        { verb: 'create', who: 'admin', code: 201 },
        { verb: 'patch', who: 'weir', code: 200 },
        { verb: 'delete', who: 'admin', code: 200 },
      ].map((row) => ({ ...row, sourceIPs: ['127.0.0.1'], userAgent: 'shell/1.0', name: 'shared' })),
    )
    const versions = rows.map((row) => row.data.object?.resourceVersion)
    expect(versions).toEqual(
      resource === 'secrets'
        ? [undefined, undefined, undefined]
        : [object.metadata.resourceVersion, patched.metadata.resourceVersion, undefined],
    )
    expect(rows[2]?.data.object?.uid).toBe(object.metadata.uid)
    expect(new Set(rows.map(({ ref }) => ref))).toEqual(new Set([`k8s:c1//${object.kind}/default/shared`]))
    expect(JSON.stringify(rows)).not.toMatch(/sesame|c2VzYW1l/)
    expect(await changes('shared', resource, 3)).toEqual([
      { operation: 'deleted', actor: 'admin', kind: 'user', manager: null },
      { operation: 'updated', actor: 'weir', kind: 'user', manager: 'shell' },
      { operation: 'created', actor: 'admin', kind: 'user', manager: 'one' },
    ])
  },
  240_000,
)

/** The rows of view `changes` of an object, once each change has its actor. */
async function changes(name: string, resource: string, count: number): Promise<unknown> {
  const kind = resource === 'secrets' ? 'Secret' : 'ConfigMap'
  const url = `${weir.url}/api/v1/changes?${new URLSearchParams({ name, text: name, kind }).toString()}`
  for (let waited = 0; ; waited += 200) {
    const { changes: rows } = (await (await fetch(url)).json()) as { changes: readonly Record<string, unknown>[] }
    if ((rows.length >= count && rows.every(({ actor_kind: kind }) => kind === 'user')) || waited > 60_000)
      return rows.map(({ operation, actor, actor_kind: kind, manager }) => ({ operation, actor, kind, manager }))
    await sleep(200)
  }
}

test('the actor of a deletion is found without the uid, also of collections and delayed deletions', async () => {
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await as('admin', 'POST', crds, {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  })
  await as('admin', 'POST', '/api/v1/namespaces', { metadata: { name: 'many' } })
  const pod = (name: string, spec: object = {}): object => ({
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'busybox' }], ...spec },
  })
  const [pods, many, widgets, secrets] = [
    `${base}/pods`,
    '/api/v1/namespaces/many/pods',
    '/apis/example.com/v1/namespaces/default/widgets',
    `${base}/secrets`,
  ]
  const hold = { finalizers: ['example.com/hold'] }
  for (const name of ['plain', 'evicted']) await as('admin', 'POST', pods, pod(name))
  await as('admin', 'POST', pods, pod('graceful', { nodeName: 'n1' }))
  for (const name of ['one', 'two', 'three']) await as('admin', 'POST', many, pod(name))
  await as('admin', 'POST', `${base}/services`, { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } })
  await as('admin', 'POST', secrets, { metadata: { name: 'held', ...hold } })
  for (let tries = 0; ; tries++) {
    const made = await as('admin', 'POST', widgets, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'loose' },
    }).then(
      () => true,
      (error: unknown) => {
        if (tries > 100) throw error
      },
    )
    if (made === true) break
    await sleep(200)
  }
  await as('admin', 'POST', widgets, {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'held', ...hold },
  })
  const known = async (names: readonly string[]): Promise<void> => {
    for (let waited = 0; waited < 60_000; waited += 200) {
      const rows = await sql<{ name: string }>("SELECT DISTINCT name FROM changes WHERE operation = 'created'")
      if (names.every((name) => rows.some((row) => row.name === name))) return
      await sleep(200)
    }
    throw new Error(`not all of ${names.join(', ')} are known:\n${weir.lastLog}`)
  }
  await known(['plain', 'evicted', 'graceful', 'one', 'two', 'three', 'web', 'held', 'loose', 'widgets.example.com'])
  await as('weir', 'DELETE', `${pods}/plain`)
  await as('weir', 'POST', `${pods}/evicted/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'evicted', namespace: 'default' },
  })
  await as('weir', 'DELETE', `${pods}/graceful`)
  await as('weir', 'DELETE', many)
  await as('weir', 'DELETE', `${base}/services/web`)
  for (const path of [`${secrets}/held`, `${widgets}/held`, `${widgets}/loose`]) await as('weir', 'DELETE', path)
  await sleep(1500)
  // What ends the wait: the node, and controllers.
  await as('admin', 'DELETE', `${pods}/graceful?gracePeriodSeconds=0`)
  for (const path of [`${secrets}/held`, `${widgets}/held`])
    await as('admin', 'PATCH', path, { metadata: { finalizers: null } })
  await as('weir', 'DELETE', `${crds}/widgets.example.com`)
  const names = [
    'evicted',
    'graceful',
    'held',
    'held',
    'loose',
    'one',
    'plain',
    'three',
    'two',
    'web',
    'widgets.example.com',
  ]
  const deletions = (): Promise<{ name: string; actor: string | null }[]> =>
    sql("SELECT name, actor FROM changes WHERE operation = 'deleted' AND name <> 'shared' ORDER BY name")
  for (let waited = 0; waited < 90_000; waited += 500) {
    const rows = await deletions()
    if (rows.length >= names.length && rows.every(({ actor }) => actor !== null)) break
    await sleep(500)
  }
  expect(await deletions()).toEqual(names.map((name) => ({ name, actor: 'weir' })))
  // The update that set deletionTimestamp, too.
  expect(
    await sql(
      "SELECT DISTINCT name, actor FROM changes WHERE name IN ('held', 'graceful') AND operation = 'updated' " +
        "AND list_contains(paths, '/metadata/deletionTimestamp') AND (name = 'held' OR diff::VARCHAR LIKE " +
        '\'%"add"%\') ORDER BY name',
    ),
  ).toEqual([
    { name: 'graceful', actor: 'weir' },
    { name: 'held', actor: 'weir' },
  ])
}, 300_000)

async function sql<Row>(statement: string): Promise<Row[]> {
  const answer = await fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql: statement }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Row[]
}

test('with Weir killed and started again amid 60 writes, each is emitted once', async () => {
  const names = Array.from({ length: 60 }, (_, number) => `many-${String(number).padStart(2, '0')}`)
  for (const [at, name] of names.entries()) {
    if (at === 15 || at === 30) {
      // Once some rows have arrived, so that the response to a batch may be cut.
      await allAuditRows("subject LIKE 'configmaps/default/many-%'", 1)
      await weir.kill()
    }
    await as('weir', 'POST', `${base}/configmaps`, { metadata: { name } })
    await sleep(20)
    if (at === 20 || at === 45) await weir.start()
  }
  const rows = await allAuditRows("subject LIKE 'configmaps/default/many-%'", names.length)
  expect(rows.map(({ data }) => data.object?.name)).toEqual(names)
  expect(new Set(rows.map(({ data }) => data.auditID)).size).toBe(names.length)
}, 300_000)
