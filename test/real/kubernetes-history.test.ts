import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'

const missing = findKubernetes()
let kube: Kube
let weir: WeirProcess
let dir = ''

const configMaps = '/api/v1/namespaces/default/configmaps'
const deployments = '/apis/apps/v1/namespaces/default/deployments'

beforeAll(async () => {
  if (missing.path === undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-kube-history-'))
  kube = await startKube(dir)
  await kube.call('POST', configMaps, {
    metadata: { name: 'still' },
    data: { mode: 'calm', password: 'sesame-of-the-map' },
  })
  await kube.call('POST', configMaps, { metadata: { name: 'gone' }, data: { mode: 'calm' } })
  const container = { name: 'c', image: 'registry/api:1' }
  await kube.call('POST', deployments, {
    metadata: { name: 'api' },
    spec: {
      selector: { matchLabels: { app: 'api' } },
      template: { metadata: { labels: { app: 'api' } }, spec: { containers: [container] } },
    },
  })
  const kubeconfig = join(dir, 'kubeconfig.yaml')
  await writeFile(kubeconfig, kubeconfigOf(kube), { mode: 0o600 })
  weir = await startWeir({
    folder: join(dir, 'weir'),
    config: {
      sources: {
        cluster: {
          type: 'kubernetes',
          cluster: 'c1',
          kubeconfig,
          namespaces: ['default'],
          include: ['ConfigMap', 'Deployment'],
        },
      },
    },
  })
  for (
    let waited = 0;
    (await weir.get<{ clusters: readonly { synced: boolean }[] }>('/api/v1/clusters')).clusters[0]?.synced !== true;
    waited += 100
  ) {
    if (waited > 120_000) throw new Error(`the cluster is not watched:\n${weir.lastLog}`)
    await sleep(100)
  }
}, 240_000)
afterAll(async () => {
  await kube?.stop()
  await weir?.stop()
  await rm(dir, { recursive: true, force: true })
})
beforeEach((context) => {
  if (missing.path === undefined) context.skip(missing.reason)
})

interface One {
  readonly manifest: {
    readonly data?: object
    readonly spec?: {
      readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
    }
  } | null
  readonly manifest_note: string | null
  readonly versions: readonly {
    readonly operation: string | null
    readonly resource_version: string
    readonly images: readonly string[]
    readonly valid_from: string
    readonly valid_to: string | null
  }[]
}

/** What the API answers about an object once it answers as it should. */
async function one(ref: string, at: string, is: (answer: One) => boolean): Promise<One> {
  for (let waited = 0; ; waited += 200) {
    const answer = await weir
      .get<One>(`/api/v1/resources/one?${new URLSearchParams({ ref: `k8s:c1/${ref}`, at }).toString()}`)
      .catch(() => undefined)
    if (answer !== undefined && (is(answer) || waited > 30_000)) return answer
    await sleep(200)
  }
}

const imageOf = ({ manifest }: One): string | undefined => manifest?.spec?.template.spec.containers[0]?.image

test('the manifest of an object at a time', async () => {
  await one('/ConfigMap/default/still', 'now', ({ manifest }) => manifest !== null)
  await sleep(1100)
  const listed = new Date().toISOString()
  await sleep(1100)
  const changed = await kube.call(
    'PATCH',
    `${deployments}/api`,
    { spec: { template: { spec: { containers: [{ name: 'c', image: 'registry/api:2' }] } } } },
    'application/strategic-merge-patch+json',
  )
  await kube.call('DELETE', `${configMaps}/gone`)
  const check = async (): Promise<void> => {
    const still = await one('/ConfigMap/default/still', listed, ({ manifest }) => manifest !== null)
    expect(still.manifest).toMatchObject({
      kind: 'ConfigMap',
      data: { mode: 'calm', password: expect.stringMatching(/^redacted:/) as string },
    })
    expect(still.versions).toMatchObject([{ operation: null, valid_to: null }])
    const api = 'apps/Deployment/default/api'
    expect(
      imageOf(await one(api, listed, (answer) => imageOf(answer) === 'registry/api:1' && answer.versions.length === 2)),
    ).toBe('registry/api:1')
    const now = await one(api, 'now', (answer) => imageOf(answer) === 'registry/api:2')
    expect([imageOf(now), now.versions.map(({ operation, images }) => [operation, images])]).toEqual([
      'registry/api:2',
      [
        ['updated', ['registry/api:2']],
        [null, ['registry/api:1']],
      ],
    ])
    expect(now.versions[0]?.resource_version).toBe(
      (changed['metadata'] as { readonly resourceVersion: string }).resourceVersion,
    )
    expect(now.versions[1]?.valid_to).toBe(now.versions[0]?.valid_from)
    expect((await one('/ConfigMap/default/gone', listed, ({ manifest }) => manifest !== null)).manifest?.data).toEqual({
      mode: 'calm',
    })
    expect(await one('/ConfigMap/default/gone', 'now', ({ manifest }) => manifest === null)).toMatchObject({
      manifest: null,
      manifest_note: 'The object did not exist at that time.',
    })
    expect(await one('/ConfigMap/default/still', '2020-01-01T00:00:00Z', () => true)).toMatchObject({ manifest: null })
  }
  await check()
  await weir.kill()
  await weir.start()
  await check()
}, 240_000)
