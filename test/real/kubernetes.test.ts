// A whole Weir that watches a real API server: what its store tells is what was written, whatever happens on the way.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { prepareWeir, type WeirProcess } from '../kit/weir-process.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { Churn, judged, toldOf } from './kit/kube-churn.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'

const missing = findKubernetes()
let kube: Kube
let dir = ''
let weir: WeirProcess | undefined

beforeAll(async () => {
  if (missing.path === undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-kubernetes-'))
  kube = await startKube(dir, ['--etcd-compaction-interval=5s', '--min-request-timeout=30'])
  await writeFile(join(dir, 'kubeconfig'), kubeconfigOf(kube), { mode: 0o600 })
}, 180_000)
afterAll(async () => {
  await kube?.stop()
  await rm(dir, { recursive: true, force: true })
})
beforeEach((context) => {
  if (missing.path === undefined) context.skip(missing.reason)
})
afterEach(async () => {
  await weir?.kill()
  weir = undefined
})

let number = 0

interface Status { readonly synced: boolean; readonly objects: number; readonly kinds: readonly { readonly kind: string; readonly state: string; readonly reason?: string; readonly lists: number; readonly objects: number }[] }

async function startWatching(settings: Readonly<Record<string, unknown>> = {}): Promise<WeirProcess> {
  const started = await prepareWeir({
    folder: join(dir, `weir-${number++}`),
    config: { sources: { kubernetes: { cluster: 'c1', kubeconfig: join(dir, 'kubeconfig'), ...settings } } },
  })
  await started.start()
  weir = started
  await synced(started)
  return started
}

const statusOf = async (of: WeirProcess): Promise<Status> => (await of.get<{ clusters: Status[] }>('/api/v1/clusters')).clusters[0] as Status

async function synced(of: WeirProcess): Promise<void> {
  await expect.poll(async () => {
    const { synced: done, kinds } = await statusOf(of).catch(() => ({ synced: false, kinds: [] }))
    return done ? 'synced' : kinds.filter(({ state }) => state !== 'watching').map(({ kind, state, reason }) => `${kind} ${state} ${reason ?? ''}`).join('; ')
  }, { timeout: 60_000, interval: 200 }).toBe('synced')
}

test('every write of a churn is told once, in order, each from where the one before it ended', async () => {
  const running = await startWatching()
  const churn = new Churn(kube, 'churn')
  await churn.run(8, 60)
  expect(await judged(running, churn, 'churn', 60_000)).toEqual([])
  expect(churn.writes).toBeGreaterThan(450)
}, 180_000)

test('a restart with nothing changed tells nothing and lists nothing; what happened meanwhile is told in order', async () => {
  const running = await startWatching()
  const churn = new Churn(kube, 'again')
  const uids = [await churn.create(), await churn.create(), await churn.create()]
  expect(await judged(running, churn, 'again', 60_000)).toEqual([])
  const changes = async (): Promise<number> => Number((await running.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE family = 'change'"))[0]?.n)
  const before = await changes()
  await running.stop()
  await running.start()
  await synced(running)
  expect((await statusOf(running)).kinds.reduce((sum, { lists }) => sum + lists, 0)).toBe(0)
  expect(await changes()).toBe(before)
  await running.stop()
  const [first = '', second = ''] = uids
  await churn.change(first)
  await churn.change(first)
  await churn.remove(second)
  await churn.create()
  await running.start()
  expect(await judged(running, churn, 'again', 60_000)).toEqual([])
  expect((await toldOf(running, 'again')).filter(({ coalesced }) => coalesced === true)).toEqual([])
}, 180_000)

test('killed in the middle of a churn, again and again, it tells every write once', async () => {
  const running = await startWatching()
  const churn = new Churn(kube, 'killed')
  const writing = churn.run(4)
  for (let kills = 0; kills < 4; kills++) {
    await new Promise((resolve) => setTimeout(resolve, 700))
    await running.kill()
    await running.start()
  }
  churn.stop()
  await writing
  await synced(running)
  expect(await judged(running, churn, 'killed', 60_000)).toEqual([])
}, 240_000)
