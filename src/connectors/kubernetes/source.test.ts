// The complete source over a scripted API server, with shortened waits.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ModelJournal } from '../../../test/kit/kubernetes-model.ts'
import { configMaps, SmallCluster, type SmallType } from '../../../test/kit/small-cluster.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { realHost, type Host } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { kubernetesSchema } from './config.ts'
import { openKubernetes } from './source.ts'
import type { KubernetesSource } from './source/cluster.ts'

let dir = ''
let folders = 0
const ends: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-source-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const real = realHost()
/** Up to a minute takes a hundredth of its time; longer waits stay. */
const host: Host = {
  ...real,
  clock: { ...real.clock, monotonic: () => real.clock.monotonic() * 6000 },
  timers: { ...real.timers, sleep: (ms, signal) => real.timers.sleep(ms > 60_000 ? ms : Math.ceil(ms / 6000), signal) },
}

interface Running {
  readonly source: KubernetesSource
  readonly kinds: () => Record<string, string>
  stop(): Promise<void>
}

interface Scene {
  readonly cluster: SmallCluster
  readonly journal: ModelJournal
  start(
    settings?: Partial<WrittenConfigOf<typeof kubernetesSchema>>,
    append?: SourceContext['append'],
  ): Promise<Running>
}

async function scene(...types: readonly SmallType[]): Promise<Scene> {
  const cluster = await SmallCluster.start(...types)
  const folder = join(dir, String(folders++))
  const kubeconfig = `${folder}.kubeconfig`
  await writeFile(kubeconfig, cluster.kubeconfig)
  ends.push(() => cluster.close())
  const journal = new ModelJournal()
  return {
    cluster,
    journal,
    async start(settings = {}, append) {
      const context = journal.context({ dead: false }, () => 0)
      const source = await openKubernetes(configFrom(kubernetesSchema, { cluster: 'c1', kubeconfig, ...settings }), {
        ...context,
        host,
        state: folder,
        ...(append === undefined ? {} : { append }),
      })
      const stop = new AbortController()
      const running = source.run(stop.signal)
      let stopped = false
      const end = async (): Promise<void> => {
        if (stopped) return
        stopped = true
        stop.abort()
        await running
      }
      ends.push(end)
      return {
        source,
        kinds: () => Object.fromEntries(source.status().kinds.map(({ kind, state }) => [kind, state])),
        stop: end,
      }
    },
  }
}

const emitted = ({ journal }: Scene): string[] =>
  journal
    .changes()
    .map(
      ({ operation, name, kind, coalesced }) =>
        `${operation} ${kind === 'ConfigMap' ? '' : `${kind} `}${name}${coalesced === true ? ' coalesced' : ''}`,
    )

async function synced({ source }: Running): Promise<void> {
  await expect.poll(() => source.status().synced, { timeout: 20_000 }).toBe(true)
}

async function settled(at: Scene, count: number): Promise<void> {
  await expect.poll(() => emitted(at).length, { timeout: 20_000 }).toBe(count)
}

test('after an expired history only the changes among thousands of objects are emitted', async () => {
  const at = await scene(configMaps)
  const { cluster } = at
  cluster.pageRows = 500
  for (let index = 0; index < 5000; index++) cluster.put(`m${index}`, { x: '1' })
  const running = await at.start()
  await synced(running)
  const changed = [7, 77, 777, 1777, 4777]
  // No watch delivers it.
  cluster.refused.set('configmaps', 500)
  cluster.endWatches()
  for (const index of changed) cluster.put(`m${index}`, { x: '2' })
  cluster.remove('m4999')
  cluster.put('new', { x: '1' })
  cluster.endWatches({ forget: true })
  cluster.refused.clear()
  await settled(at, 7)
  await expect.poll(() => running.kinds()).toEqual({ ConfigMap: 'watching' })
  expect(emitted(at).sort()).toEqual(
    [
      'created new coalesced',
      'deleted m4999 coalesced',
      ...changed.map((index) => `updated m${index} coalesced`),
    ].sort(),
  )
  expect(at.journal.changes().find(({ operation }) => operation === 'deleted')?.old).toMatchObject({ data: { x: '1' } })
}, 60_000)

test('a long list with expiring pages restarts, and no object counts as deleted', async () => {
  const at = await scene(configMaps)
  const { cluster } = at
  for (let index = 0; index < 3000; index++) cluster.put(`m${index}`, { x: '1' })
  const first = await at.start()
  await synced(first)
  await first.stop()
  cluster.put('m5', { x: '2' })
  cluster.endWatches({ forget: true })
  cluster.pageRows = 100
  cluster.expiresBehind = 2500
  const again = await at.start()
  // Until its watch is refused, it counts as synced.
  const begun = () => cluster.lists.filter((line) => line === 'configmaps 0').length
  await expect.poll(begun, { timeout: 20_000 }).toBe(3)
  await synced(again)
  await settled(at, 1)
  expect(emitted(at)).toEqual(['updated m5 coalesced'])
  expect(begun()).toBe(3)
}, 60_000)

test('without changes nothing is emitted across watch restarts; the next start resumes from a bookmark', async () => {
  const at = await scene(configMaps)
  const { cluster } = at
  for (let index = 0; index < 1000; index++) cluster.put(`m${index}`, { x: '1' })
  const running = await at.start()
  await synced(running)
  const before = at.journal.events().length
  for (let minute = 0; minute < 15; minute++) {
    await expect.poll(() => cluster.watches).toBe(1)
    cluster.bookmark()
    cluster.endWatches()
  }
  await expect.poll(() => cluster.watches).toBe(1)
  const lastByte = (): number => running.source.status().kinds[0]?.lastByte ?? 0
  const last = lastByte()
  await expect.poll(() => host.clock.now()).toBeGreaterThan(last)
  cluster.bookmark()
  const marked = String(cluster.version)
  await expect.poll(lastByte).toBeGreaterThan(last)
  await running.stop()
  // The history before the bookmark is compacted.
  cluster.endWatches({ forget: true })
  const lists = cluster.lists.length
  const again = await at.start()
  await synced(again)
  await expect.poll(() => cluster.watchedFrom.at(-1)).toBe(marked)
  expect([cluster.lists.length, at.journal.events().length]).toEqual([lists, before])
}, 60_000)

test('a group without a response affects no other, and its objects do not count as deleted', async () => {
  const tides: SmallType = { group: 'sea.example.com', version: 'v1', resource: 'tides', kind: 'Tide' }
  const at = await scene(configMaps, tides)
  const { cluster } = at
  cluster.put('one', { x: '1' })
  cluster.put('high', { x: '1' }, {}, 'tides')
  cluster.stale.add(tides.group)
  const running = await at.start()
  await expect
    .poll(() => running.source.status())
    .toMatchObject({ unavailable: [tides.group], kinds: [{ kind: 'ConfigMap', state: 'watching' }] })
  cluster.stale.clear()
  await expect.poll(() => running.kinds(), { timeout: 20_000 }).toEqual({ ConfigMap: 'watching', Tide: 'watching' })
  cluster.stale.add(tides.group)
  cluster.endWatches()
  await expect.poll(() => running.kinds()['Tide'], { timeout: 20_000 }).toBe('waiting')
  cluster.put('one', { x: '2' })
  await settled(at, 1)
  cluster.put('high', { x: '2' }, {}, 'tides')
  cluster.stale.clear()
  await settled(at, 2)
  expect(emitted(at)).toEqual(['updated one', 'updated Tide high'])
}, 60_000)

test('a kind removed while unwatched takes its objects with it; a deselected kind does not', async () => {
  const tides: SmallType = { group: 'sea.example.com', version: 'v1', resource: 'tides', kind: 'Tide' }
  const at = await scene(configMaps, tides)
  const { cluster } = at
  cluster.put('one', { x: '1' })
  cluster.put('high', { x: '1' }, {}, 'tides')
  const first = await at.start()
  await synced(first)
  await first.stop()
  cluster.types = [configMaps]
  const second = await at.start({ exclude: ['ConfigMap'] })
  await settled(at, 1)
  expect(at.journal.changes()).toMatchObject([
    {
      operation: 'deleted',
      kind: 'Tide',
      group: 'sea.example.com',
      version: 'v1',
      name: 'high',
      old: { data: { x: '1' } },
      coalesced: true,
    },
  ])
  await second.stop()
  expect((await at.start()).source.status().objects).toBe(1)
}, 60_000)

test('a kind that a server lacks for a moment is not gone', async () => {
  const tides: SmallType = { group: 'sea.example.com', version: 'v1', resource: 'tides', kind: 'Tide' }
  const at = await scene(configMaps, tides)
  const { cluster } = at
  cluster.put('high', { x: '1' }, {}, 'tides')
  await synced(await at.start())
  // As during a restart.
  cluster.forgetsOnce = tides.group
  await expect.poll(() => cluster.forgetsOnce, { timeout: 20_000 }).toBeUndefined()
  const later = cluster.described
  await expect.poll(() => cluster.described, { timeout: 20_000 }).toBeGreaterThan(later + 3)
  expect(emitted(at)).toEqual([])
}, 60_000)

test('another preferred version of a kind does not end its objects', async () => {
  const tide = (version: string): SmallType => ({ group: 'sea.example.com', version, resource: 'tides', kind: 'Tide' })
  const at = await scene(tide('v1beta1'))
  const { cluster } = at
  cluster.put('high', { x: '1' }, {}, 'tides')
  const running = await at.start()
  await synced(running)
  cluster.types = [tide('v1'), tide('v1beta1')]
  await expect.poll(() => cluster.watchedFrom.length, { timeout: 20_000 }).toBeGreaterThan(1)
  await synced(running)
  cluster.put('high', { x: '2' }, {}, 'tides')
  await settled(at, 1)
  expect(at.journal.changes()).toMatchObject([
    { operation: 'updated', version: 'v1', old: { data: { x: '1' } }, new: { data: { x: '2' } } },
  ])
}, 60_000)

test('a thousand changes of one object are emitted one by one and in order', async () => {
  const at = await scene(configMaps)
  const { cluster } = at
  cluster.put('busy', { turn: '0' })
  await synced(await at.start())
  for (let turn = 1; turn <= 1000; turn++) cluster.put('busy', { turn: String(turn) })
  await settled(at, 1000)
  expect(at.journal.changes().map((change) => (change.new as { data: { turn: string } }).data.turn)).toEqual(
    Array.from({ length: 1000 }, (_, index) => String(index + 1)),
  )
}, 60_000)

test('reading stops while the journal rejects writes, and afterwards every change is emitted', async () => {
  const at = await scene(configMaps)
  const { cluster } = at
  let full = false
  let refusals = 0
  const takes = at.journal.context({ dead: false }, () => 0).append
  const running = await at.start({ buffer: '256KiB' }, (unit) => {
    if (!full) return takes(unit)
    refusals++
    return Promise.reject(new WeirError('WEIR_JOURNAL_FULL', 'the disk is full'))
  })
  await synced(running)
  full = true
  for (let index = 0; index < 400; index++) cluster.put(`m${index}`, { x: 'y'.repeat(4000) })
  await expect.poll(() => refusals).toBeGreaterThan(2)
  expect(emitted(at)).toEqual([])
  const read = running.source.status().objects
  expect(read).toBeLessThan(400)
  // The server drops slow watchers and has compacted when they return.
  cluster.endWatches({ forget: true })
  full = false
  await settled(at, 400)
  await expect.poll(() => running.source.status().objects).toBe(400)
}, 60_000)
