import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { SourceContext } from '../../engine/ports.ts'
import { realHost } from '../../host/index.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Frame, FrameHeader } from '../../journal/types.ts'
import type { EventBatch } from '../../model/batches.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import type { ChangeData, ResourceData } from '../../model/kubernetes.ts'
import type { Position } from '../../model/positions.ts'
import type { ChangeType, KubeObject } from './client-types.ts'
import { Noise } from './map-noise.ts'
import { Redactor, sensitiveNames } from './map-redact.ts'
import { ObjectMap } from './source-objects.ts'
import { Recorder } from './source-recorder.ts'
import { replay } from './source-replay.ts'
import { Tracker } from './source-tracker.ts'

let dir = ''
beforeAll(async () => { dir = await mkdtemp(join(tmpdir(), 'weir-tracker-')) })
afterAll(() => rm(dir, { recursive: true, force: true }))

const type = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespaced: true } as const
const key = '/configmaps'
const host = realHost()

/** A journal in memory, which outlives who writes into it. */
class Journal {
  readonly units: { readonly raw: Uint8Array; readonly count: number }[] = []

  /** What is written after `dies` is never synced, and nobody hears of it. */
  context(life: { dead: boolean }, delay: () => number): SourceContext {
    return {
      ...testContext(), id: 'cluster', cursor: undefined, epoch: 1, shed: () => undefined,
      append: async (unit) => {
        const raw = Uint8Array.from(unit.raw)
        for (let turns = delay(); turns > 0; turns--) await host.timers.yield()
        if (life.dead) return new Promise(() => undefined)
        this.units.push({ raw, count: unit.count })
        return { position: { sequence: this.units.length, row: 0 }, epoch: 1, sourceSequence: this.units.length }
      },
      frames: { after: (position) => this.#after(position), hold: () => Promise.resolve() },
    }
  }

  async *#after({ sequence }: Position): AsyncGenerator<Frame> {
    for (const [index, { raw, count }] of this.units.slice(sequence).entries()) {
      yield { header: { sequence: sequence + index + 1, firstRow: 0, count, kind: 'events', source: 'cluster' } as FrameHeader, firstSequence: sequence + index + 1, body: () => raw }
    }
  }

  events(): WeirEvent[] {
    return this.units.flatMap(({ raw, count }) => {
      const batch = decodeBatch('events', raw) as EventBatch
      return Array.from({ length: count }, (_, row) => eventAt(batch, row))
    })
  }

  changes(): (ChangeData & { readonly id: string })[] {
    return this.events().filter(({ family }) => family === 'change').map(({ id, data }) => ({ ...(JSON.parse(Buffer.from(data ?? []).toString()) as ChangeData), id }))
  }
}

function configMap(name: string, uid: string, version: number, data: Readonly<Record<string, string>>, more: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', uid, resourceVersion: String(version), creationTimestamp: '2026-11-20T10:00:00Z', managedFields: [{ manager: 'kubectl', operation: 'Update', time: '2026-11-20T10:00:00Z' }], ...more }, data }
}

interface Life {
  readonly map: ObjectMap
  readonly tracker: Tracker
  readonly recorder: Recorder
  /** Everything told is written when it resolves. */
  stop(): Promise<void>
  /** As `kill -9`: what is not on disk is gone. */
  kill(): void
}

let files = 0
async function live(journal: Journal, path: string, { snapshot = false, begun = 0, delay = (): number => 0, redactor = undefined as Redactor | undefined } = {}): Promise<Life> {
  const state = { dead: false }
  const context = journal.context(state, delay)
  const map = new ObjectMap(path)
  map.begun ??= begun
  if (context.frames !== undefined) await replay(map, context.frames, () => key)
  const recorder = new Recorder(context, map, { waitingBytes: 1 << 20, unitBytes: 2000, unitEvents: 8, waitMs: 0, commitMs: 0 })
  const ended = new AbortController()
  const running = recorder.run(ended.signal)
  const tracker = new Tracker({ cluster: 'c1', type, map, collection: map.collection(key), recorder, noise: new Noise(), redactor, snapshot, host, onNoise: () => undefined, onChange: () => undefined, onListed: () => undefined })
  return {
    map, tracker, recorder,
    async stop() {
      ended.abort()
      await running
      map.close()
    },
    kill() {
      state.dead = true
      // It ends at the map that is closed, if not before.
      running.catch(() => undefined)
      map.close()
    },
  }
}

const told = (journal: Journal): string[] => journal.changes().map(({ operation, name, resourceVersion, initial, coalesced }) => `${operation} ${name}@${resourceVersion}${initial === true ? ' initial' : ''}${coalesced === true ? ' coalesced' : ''}`)
const newPath = (): string => join(dir, `objects-${files++}.sqlite`)

test('what is there at first is known without a word, and a change of it tells what it was', async () => {
  const journal = new Journal()
  const { tracker, stop } = await live(journal, newPath(), { begun: Date.parse('2026-11-20T12:00:00Z') })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.present(configMap('b', 'u2', 2, { x: '1' }))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '2' }))
  await stop()
  expect(told(journal)).toEqual(['updated a@6'])
  expect(journal.changes()[0]).toMatchObject({ old: { data: { x: '1' } }, new: { data: { x: '2' } }, patch: [{ op: 'replace', path: '/data/x', value: '2' }], actor: { manager: 'kubectl' }, cluster: 'c1', kind: 'ConfigMap', namespace: 'shop' })
  expect(journal.events().filter(({ family }) => family === 'resource').map(({ ref }) => ref)).toEqual(['k8s:c1//ConfigMap/shop/a', 'k8s:c1//ConfigMap/shop/b'])
})

test('as a snapshot each is told as created, and marked', async () => {
  const journal = new Journal()
  const { tracker, stop } = await live(journal, newPath(), { snapshot: true, begun: Date.parse('2026-11-20T12:00:00Z') })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  await stop()
  expect(told(journal)).toEqual(['created a@1 initial'])
})

test('a change of nothing but versions and managed fields is none, and the watch goes on behind it', async () => {
  const journal = new Journal()
  const path = newPath()
  const { tracker, stop } = await live(journal, path, { begun: Date.parse('2026-11-20T12:00:00Z') })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  await tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '1' }, { managedFields: [], generation: 7 }))
  await stop()
  expect(told(journal)).toEqual([])
  expect((await live(journal, path)).tracker.cursor).toBe('6')
})

test('an object that was made again under its name between two lists is told as gone first', async () => {
  const journal = new Journal()
  const { tracker, stop, map } = await live(journal, newPath(), { begun: Date.parse('2026-11-20T12:00:00Z') })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  // Names are looked up on disk.
  while ([...map.names(map.collection(key))].length === 0) await host.timers.yield()
  await tracker.listing()
  await tracker.present(configMap('a', 'u2', 8, { x: '1' }))
  await tracker.listed('9')
  await stop()
  expect(told(journal)).toEqual(['deleted a@1 coalesced', 'created a@8 coalesced'])
  expect(journal.changes().map(({ uid }) => uid)).toEqual(['u1', 'u2'])
})

test('the value of a secret changes its digest, and is nowhere in what is told', async () => {
  const journal = new Journal()
  const { tracker, stop } = await live(journal, newPath(), { redactor: new Redactor({ key: Buffer.from('key'), names: sensitiveNames }) })
  await tracker.changed('ADDED', configMap('a', 'u1', 1, { PASSWORD: 'open sesame', plain: 'seen' }))
  await tracker.changed('MODIFIED', configMap('a', 'u1', 2, { PASSWORD: 'close sesame', plain: 'seen' }))
  await stop()
  const text = journal.units.map(({ raw }) => Buffer.from(raw).toString('latin1')).join('')
  expect(text).not.toContain('sesame')
  expect(text).toContain('seen')
  expect(journal.changes()[1]?.patch).toEqual([{ op: 'replace', path: '/data/PASSWORD', value: expect.stringMatching(/^redacted:[0-9a-f]{16}$/) as string }])
})

/** An API server with one collection: what is there, and all that happened, in order. */
class World {
  readonly objects = new Map<string, KubeObject>()
  readonly happened: { readonly type: ChangeType; readonly object: KubeObject; readonly version: number }[] = []
  version = 0
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  step(): void {
    const uids = [...this.objects.keys()]
    const dice = this.#random.next()
    const uid = uids[Math.floor(this.#random.next() * uids.length)]
    const version = ++this.version
    if (uid === undefined || (dice < 0.2 && uids.length < 12)) {
      const made = `u${version}`
      this.#put('ADDED', configMap(`n${version % 7}-${version}`, made, version, { value: String(version) }))
    } else if (dice < 0.3) {
      const { metadata, ...rest } = this.objects.get(uid) as KubeObject
      this.objects.delete(uid)
      this.happened.push({ type: 'DELETED', object: { ...rest, metadata: { ...metadata, resourceVersion: String(version) } }, version })
    } else {
      const before = this.objects.get(uid) as KubeObject & { readonly data: Readonly<Record<string, string>> }
      // Some changes are none.
      const data = dice < 0.4 ? before.data : { ...before.data, value: String(version) }
      this.#put('MODIFIED', configMap(before.metadata?.name ?? '', uid, version, data, { labels: { turn: String(version % 3) } }))
    }
  }

  #put(kind: ChangeType, object: KubeObject): void {
    this.objects.set(object.metadata?.uid ?? '', object)
    this.happened.push({ type: kind, object, version: this.version })
  }
}

test('killed at any moment, it tells each change once and in order, each from where the one before it ended, and knows in the end what is there', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new SeededRandom(seed)
    const world = new World(random)
    const [journal, path] = [new Journal(), newPath()]
    let listed = 0
    for (let lives = 0; lives < 5; lives++) {
      const life = await live(journal, path, { delay: () => Math.floor(random.next() * 4) })
      const { tracker } = life
      // A server that has forgotten, now and then.
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
        for (; from < world.happened.length; from++) await tracker.changed((world.happened[from] as World['happened'][number]).type, (world.happened[from] as World['happened'][number]).object)
        await life.stop()
      }
    }
    const problems = judge(world, journal, listed)
    expect(problems, `seed ${seed}`).toEqual([])
    const map = new ObjectMap(path)
    expect([...map.collection(key).objects.keys()].sort(), `seed ${seed}`).toEqual([...world.objects.keys()].sort())
    map.close()
  }
})

/** Each list may put changes together; beyond the first there is one for each that the server has forgotten. */
function judge(world: World, journal: Journal, lists: number): string[] {
  const problems: string[] = []
  const changes = journal.changes()
  if (new Set(changes.map(({ id }) => id)).size !== changes.length) problems.push('something was told twice')
  const versions = new Map<string, number[]>()
  for (const { object, version } of world.happened) {
    const uid = object.metadata?.uid ?? ''
    versions.set(uid, [...(versions.get(uid) ?? []), version])
  }
  const last = new Map<string, ChangeData>()
  for (const change of changes) {
    const { uid, operation, resourceVersion, old } = change
    const before = last.get(uid)
    if (before !== undefined && JSON.stringify(before.new) !== JSON.stringify(old)) problems.push(`${uid}: ${operation}@${resourceVersion} does not begin where ${before.operation}@${before.resourceVersion} ended`)
    if (before !== undefined && Number(before.resourceVersion) > Number(resourceVersion)) problems.push(`${uid}: ${resourceVersion} was told after ${before.resourceVersion}`)
    if (operation !== 'deleted' && versions.get(uid)?.includes(Number(resourceVersion)) !== true) problems.push(`${uid}: nobody wrote ${resourceVersion}`)
    last.set(uid, change)
  }
  for (const [uid, object] of world.objects) {
    const { data } = (last.get(uid)?.new ?? {}) as { data?: object }
    if (JSON.stringify(data) !== JSON.stringify((object as { data?: object }).data)) problems.push(`${uid}: the last state told is not the one that it has`)
  }
  for (const uid of last.keys()) if (!world.objects.has(uid) && last.get(uid)?.operation !== 'deleted') problems.push(`${uid}: its end was not told`)
  if (lists === 1 && changes.some(({ coalesced }) => coalesced === true)) problems.push('changes were put together though the server forgot nothing')
  const resources = journal.events().filter(({ family }) => family === 'resource').map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as ResourceData)
  for (const uid of world.objects.keys()) if (resources.findLast((each) => each.uid === uid)?.state !== 'present') problems.push(`${uid}: is not told as a resource`)
  return problems
}
