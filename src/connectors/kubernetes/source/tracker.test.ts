import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  configMap,
  judgeEmitted,
  live,
  ModelCluster,
  ModelJournal,
  modelKey as key,
} from '../../../../test/kit/kubernetes-model.ts'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { seeds } from '../../../../test/kit/seeds.ts'
import { realHost } from '../../../host/index.ts'
import type { ResourceData } from '../../../model/kubernetes.ts'
import type { KubeObject } from '../client/types.ts'
import { Noise, usualNoise } from '../map/noise.ts'
import { Redactor } from '../map/redact.ts'
import { ObjectMap } from './objects.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-tracker-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const host = realHost()

const emitted = (journal: ModelJournal): string[] =>
  journal
    .changes()
    .map(
      ({ operation, name, resourceVersion, initial, coalesced }) =>
        `${operation} ${name}@${resourceVersion}` +
        `${initial === true ? ' initial' : ''}${coalesced === true ? ' coalesced' : ''}`,
    )
let files = 0
const newPath = (): string => join(dir, `objects-${files++}.sqlite`)

test('an object without uid is known by namespace and name, also after it is deleted and created again', async () => {
  const journal = new ModelJournal()
  const { tracker, stop } = await live(journal, newPath(), { begun: Date.parse('2026-11-20T12:00:00Z') })
  const nameless = (version: number, x: string): ReturnType<typeof configMap> =>
    configMap('a', '', version, { x }, { uid: undefined })
  await tracker.listing()
  await tracker.present(nameless(1, '1'))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', nameless(6, '2'))
  await tracker.changed('DELETED', nameless(7, '2'))
  await tracker.changed('ADDED', nameless(8, '2'))
  await tracker.changed('DELETED', nameless(9, '2'))
  await stop()
  expect(emitted(journal)).toEqual(['updated a@6', 'deleted a@7', 'created a@8', 'deleted a@9'])
  expect(new Set(journal.changes().map(({ uid }) => uid))).toEqual(new Set(['configmaps.:shop:a']))
})

test('initial objects are known without an event, and a change has its previous state', async () => {
  const journal = new ModelJournal()
  const { tracker, stop } = await live(journal, newPath(), { begun: Date.parse('2026-11-20T12:00:00Z') })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.present(configMap('b', 'u2', 2, { x: '1' }))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '2' }))
  await stop()
  expect(emitted(journal)).toEqual(['updated a@6'])
  expect(journal.changes()[0]).toMatchObject({
    old: { data: { x: '1' } },
    new: { data: { x: '2' } },
    patch: [{ op: 'replace', path: '/data/x', value: '2' }],
    actor: { manager: 'kubectl' },
    cluster: 'c1',
    kind: 'ConfigMap',
    namespace: 'shop',
  })
  expect(
    journal
      .events()
      .filter(({ family }) => family === 'resource')
      .map(({ ref }) => ref),
  ).toEqual(['k8s:c1//ConfigMap/shop/a', 'k8s:c1//ConfigMap/shop/b', 'k8s:c1//ConfigMap/shop/a'])
})

test('a change of content begins a state also if no recorded field changed; noise does not', async () => {
  const journal = new ModelJournal()
  let now = Date.parse('2026-11-20T12:00:00Z')
  const { tracker, stop } = await live(journal, newPath(), {
    begun: now,
    now: () => now,
    marked: new Noise(['status']),
  })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  now += 1000
  await tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '2' }))
  now += 1000
  await tracker.changed('MODIFIED', { ...configMap('a', 'u1', 7, { x: '2' }), status: { seen: 1 } })
  await tracker.changed('MODIFIED', { ...configMap('a', 'u1', 8, { x: '2' }, { generation: 2 }), status: { seen: 1 } })
  await stop()
  expect(
    journal
      .events()
      .filter(({ family }) => family === 'resource')
      .map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as ResourceData)
      .map(({ resourceVersion, since }) => [resourceVersion, since]),
  ).toEqual([
    ['1', '2026-11-20T10:00:00Z'],
    ['6', '2026-11-20T12:00:01.000Z'],
  ])
  expect(emitted(journal)).toEqual(['updated a@6', 'updated a@7'])
})

test('as a snapshot, each initial object is emitted as created with a mark', async () => {
  const journal = new ModelJournal()
  const { tracker, stop } = await live(journal, newPath(), {
    snapshot: true,
    begun: Date.parse('2026-11-20T12:00:00Z'),
  })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  await stop()
  expect(emitted(journal)).toEqual(['created a@1 initial'])
})

test('a deletion without a change needs no read from disk; one with a change uses the known state', async () => {
  const journal = new ModelJournal()
  const path = newPath()
  const first = await live(journal, path)
  await first.tracker.listing()
  await first.tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await first.tracker.present(configMap('b', 'u2', 2, { x: '1' }))
  await first.tracker.listed('5')
  await first.stop()
  const { tracker, map, stop } = await live(journal, path)
  const looks = vi.spyOn(map, 'document')
  await tracker.changed('DELETED', configMap('a', 'u1', 6, { x: '1' }))
  expect(looks).not.toHaveBeenCalled()
  await tracker.changed('DELETED', configMap('b', 'u2', 7, { x: '2' }))
  expect(looks).toHaveBeenCalledTimes(1)
  await stop()
  expect(
    journal
      .changes()
      .filter(({ operation }) => operation === 'deleted')
      .map(({ name, old }) => [name, (old as KubeObject)['data']]),
  ).toEqual([
    ['a', { x: '1' }],
    ['b', { x: '1' }],
  ])
})

test('a change of versions and managed fields only is no change, and the watch advances', async () => {
  const journal = new ModelJournal()
  const path = newPath()
  const { tracker, stop } = await live(journal, path, { begun: Date.parse('2026-11-20T12:00:00Z') })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '1' }, { managedFields: [], generation: 7 }))
  await stop()
  expect(emitted(journal)).toEqual([])
  expect((await live(journal, path)).tracker.cursor).toBe('6')
})

test('a change within marking rules only is emitted with a mark; others have none', async () => {
  const journal = new ModelJournal()
  const { tracker, stop } = await live(journal, newPath(), {
    begun: Date.parse('2026-11-20T12:00:00Z'),
    marked: new Noise(['status', 'generation']),
  })
  const state = (version: number, data: string, beat: string, phase: string): KubeObject => ({
    ...configMap('a', 'u1', version, { x: data }),
    status: { phase, conditions: [{ type: 'Ready', lastHeartbeatTime: beat }] },
  })
  await tracker.listing()
  await tracker.present(state(1, '1', '10:00', 'Pending'))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', state(6, '1', '10:01', 'Pending'))
  await tracker.changed('MODIFIED', state(7, '1', '10:01', 'Running'))
  await tracker.changed('MODIFIED', state(8, '2', '10:02', 'Running'))
  await stop()
  expect(journal.changes().map(({ resourceVersion, noise = [] }) => [resourceVersion, noise])).toEqual([
    ['7', ['status']],
    ['8', []],
  ])
})

test('with the status hidden its changes are not emitted, but the resource facts are', async () => {
  const journal = new ModelJournal()
  const { tracker, map, stop } = await live(journal, newPath(), {
    begun: Date.parse('2026-11-20T12:00:00Z'),
    noise: new Noise([...usualNoise, 'status']),
  })
  const pod = (version: number, image: string, status: object): KubeObject => ({
    ...configMap('a', 'u1', version, {}),
    kind: 'Pod',
    spec: { containers: [{ name: 'a', image }] },
    status,
  })
  await tracker.listing()
  await tracker.present(pod(1, 'x:1', { phase: 'Pending' }))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', pod(6, 'x:1', { phase: 'Running', podIP: '10.0.0.7' }))
  await tracker.changed('MODIFIED', pod(7, 'x:1', { phase: 'Running', podIP: '10.0.0.7', message: 'all is well' }))
  await tracker.changed('MODIFIED', pod(8, 'x:2', { phase: 'Running', podIP: '10.0.0.7', message: 'still' }))
  const known = map.collection(key).objects.get('u1')
  expect(known === undefined ? undefined : JSON.parse(map.document(known)?.toString() ?? '')).toMatchObject({
    status: { message: 'still' },
  })
  await stop()
  expect(
    journal.changes().map(({ resourceVersion, patch }) => [resourceVersion, patch.map(({ path }) => path)]),
  ).toEqual([['8', ['/status/message', '/spec/containers/0/image'].sort()]])
  expect(
    journal
      .events()
      .filter(({ family }) => family === 'resource')
      .map(({ data }) => (JSON.parse(Buffer.from(data ?? []).toString()) as ResourceData).addresses?.[0]?.ip),
  ).toEqual([undefined, '10.0.0.7', '10.0.0.7'])
})

test('with kept fields both states are complete, and changes of only these fields are hidden', async () => {
  const journal = new ModelJournal()
  const { tracker, stop } = await live(journal, newPath(), {
    begun: Date.parse('2026-11-20T12:00:00Z'),
    noise: new Noise(usualNoise, ['resource-version', 'managed-fields', 'generation']),
    marked: new Noise(['status']),
  })
  const object = (version: number, value: string, phase: string): KubeObject => {
    const made = configMap('a', 'u1', version, { value })
    return {
      ...made,
      metadata: { ...made.metadata, generation: version, managedFields: [{ manager: `m${version}` }] },
      status: { phase },
    }
  }
  await tracker.listing()
  await tracker.present(object(1, 'x', 'A'))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', object(6, 'x', 'A'))
  await tracker.changed('MODIFIED', object(7, 'y', 'A'))
  await tracker.changed('MODIFIED', object(8, 'y', 'B'))
  await stop()
  expect(
    journal.changes().map(({ old, new: now, noise = [] }) =>
      [old, now]
        .map((state) => (state as KubeObject).metadata)
        .map((metadata) => [metadata?.resourceVersion, metadata?.['generation'], metadata?.['managedFields']])
        .concat(noise.map((rule) => [rule])),
    ),
  ).toEqual([
    [
      ['6', 6, [{ manager: 'm6' }]],
      ['7', 7, [{ manager: 'm7' }]],
    ],
    [['7', 7, [{ manager: 'm7' }]], ['8', 8, [{ manager: 'm8' }]], ['status']],
  ])
})

test('killed during its first list it emits no initial objects, and no deletions meanwhile', async () => {
  const journal = new ModelJournal()
  const path = newPath()
  const begun = Date.parse('2026-11-20T12:00:00Z')
  const first = await live(journal, path, { begun })
  await first.tracker.listing()
  await first.tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await first.tracker.present(configMap('b', 'u2', 2, { x: '1' }))
  while ([...first.map.names(first.map.collection(key))].length < 2) await host.timers.yield()
  first.kill()
  const { tracker, stop } = await live(journal, path, { begun })
  expect(tracker.cursor).toBeUndefined()
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.present(configMap('c', 'u3', 3, { x: '1' }))
  await tracker.listed('9')
  await stop()
  expect(emitted(journal)).toEqual(['deleted b@2 coalesced'])
})

test('a completed list is on disk before the next change: after a crash the watch resumes from there', async () => {
  const journal = new ModelJournal()
  const path = newPath()
  const first = await live(journal, path, { begun: Date.parse('2026-11-20T12:00:00Z'), commitMs: 3_600_000 })
  await first.tracker.listing()
  await first.tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  while (journal.units.length === 0) await host.timers.yield()
  await first.tracker.present(configMap('b', 'u2', 2, { x: '1' }))
  await first.tracker.listed('5')
  while ([...first.map.names(first.map.collection(key))].length < 2) await host.timers.yield()
  await first.tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '2' }))
  while (journal.changes().length === 0) await host.timers.yield()
  first.kill()
  expect((await live(journal, path)).tracker.cursor).toBe('6')
})

test('an object recreated under its name between two lists is first emitted as deleted', async () => {
  const journal = new ModelJournal()
  const { tracker, stop, map } = await live(journal, newPath(), { begun: Date.parse('2026-11-20T12:00:00Z') })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  // Names are read from disk.
  while ([...map.names(map.collection(key))].length === 0) await host.timers.yield()
  await tracker.listing()
  await tracker.present(configMap('a', 'u2', 8, { x: '1' }))
  await tracker.listed('9')
  await stop()
  expect(emitted(journal)).toEqual(['deleted a@1 coalesced', 'created a@8 coalesced'])
  expect(journal.changes().map(({ uid }) => uid)).toEqual(['u1', 'u2'])
})

test('a changed secret value changes its digest and is never emitted', async () => {
  const journal = new ModelJournal()
  const { tracker, stop } = await live(journal, newPath(), { redactor: new Redactor({ key: Buffer.from('key') }) })
  await tracker.changed('ADDED', configMap('a', 'u1', 1, { PASSWORD: 'open sesame', plain: 'seen' }))
  await tracker.changed('MODIFIED', configMap('a', 'u1', 2, { PASSWORD: 'close sesame', plain: 'seen' }))
  await stop()
  const text = journal.units.map(({ raw }) => Buffer.from(raw).toString('latin1')).join('')
  expect(text).not.toContain('sesame')
  expect(text).toContain('seen')
  expect(journal.changes()[1]?.patch).toEqual([
    { op: 'replace', path: '/data/PASSWORD', value: expect.stringMatching(/^redacted:[0-9a-f]{16}$/) as string },
  ])
})

test('killed at any moment, it emits each change once, in order and from the previous state', async () => {
  for (const seed of seeds(8, 40)) {
    const random = new SeededRandom(seed)
    const world = new ModelCluster(random)
    const [journal, path] = [new ModelJournal(), newPath()]
    let listed = 0
    for (let lives = 0; lives < 5; lives++) {
      const life = await live(journal, path, { delay: () => Math.floor(random.next() * 4) })
      const { tracker } = life
      // Sometimes the server has compacted its history.
      if (tracker.cursor === undefined || random.next() < 0.15) {
        listed++
        await tracker.listing()
        const at = world.version
        for (const object of world.objects.values()) await tracker.present(object)
        await tracker.listed(String(at))
      }
      const most = Math.floor(random.next() * 40)
      let from = world.happened.findIndex(({ version }) => version > Number(tracker.cursor))
      if (from === -1) from = world.happened.length
      for (let count = 0; count < most; count++) {
        if (from === world.happened.length) world.step()
        const next = world.happened[from++]
        if (next !== undefined) await tracker.changed(next.type, next.object)
        if (random.next() < 0.3) await host.timers.yield()
      }
      if (lives < 4) life.kill()
      else {
        for (; from < world.happened.length; from++)
          await tracker.changed(
            (world.happened[from] as ModelCluster['happened'][number]).type,
            (world.happened[from] as ModelCluster['happened'][number]).object,
          )
        await life.stop()
      }
    }
    const problems = judgeEmitted(world, journal, listed)
    expect(problems, `seed ${seed}`).toEqual([])
    const map = new ObjectMap(path)
    expect([...map.collection(key).objects.keys()].sort(), `seed ${seed}`).toEqual([...world.objects.keys()].sort())
    map.close()
  }
})
