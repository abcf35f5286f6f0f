// Two replicas over one in-memory cluster: their journals together equal that of a single uninterrupted one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  configMap,
  judgeEmitted,
  live,
  ModelCluster,
  ModelJournal,
  modelKey,
  type Life,
} from '../../../../test/kit/kubernetes-model.ts'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { seeds } from '../../../../test/kit/seeds.ts'
import { realHost } from '../../../host/index.ts'
import type { LeaseCheckpoint } from '../../../net/kubernetes/lease.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-turns-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const { timers } = realHost()
const yields = async (times: number): Promise<void> => {
  for (let time = 0; time < times; time++) await timers.yield()
}

/** The Lease on the server. A holder without a connection to it may not emit or write it. */
interface Lease {
  holder: Replica | undefined
  epoch: number
  checkpoint: LeaseCheckpoint
}

class Replica {
  readonly journal: ModelJournal
  life: Life | undefined
  /** It cannot reach the Lease. */
  away = false
  readonly #path: string
  readonly #lease: Lease
  readonly #delay: () => number
  /** Index of the next event to deliver. */
  #next = 0

  constructor(path: string, lease: Lease, shared: ModelJournal, delay: () => number) {
    this.#path = path
    this.#lease = lease
    this.#delay = delay
    this.journal = new ModelJournal(shared)
  }

  epoch(): number | undefined {
    return this.#lease.holder === this && !this.away ? this.#lease.epoch : undefined
  }

  async start(world: ModelCluster): Promise<void> {
    this.life = await live(this.journal, this.#path, { lease: this, delay: this.#delay })
    const { tracker } = this.life
    if (tracker.cursor === undefined) {
      const at = this.#lease.checkpoint[modelKey] ?? String(world.version)
      await tracker.listing()
      for (const object of world.asOf(Number(at))) await tracker.present(object)
      await tracker.listed(at)
    }
    const from = world.happened.findIndex(({ version }) => version > Number(tracker.cursor))
    this.#next = from === -1 ? world.happened.length : from
  }

  async watch(world: ModelCluster): Promise<void> {
    const next = world.happened[this.#next]
    if (next === undefined || this.life === undefined) return
    this.#next++
    await this.life.tracker.changed(next.type, next.object)
  }

  /** As a renewal of the holder, or a check by a standby. */
  meet(): void {
    if (this.life === undefined || this.away) return
    const lease = this.#lease
    if (lease.holder === this) lease.checkpoint = this.life.recorder.emitted
    else this.life.recorder.emittedElsewhere(lease.checkpoint)
  }

  take(): void {
    if (this.life === undefined || this.away) return
    this.meet()
    const lease = this.#lease
    Object.assign(lease, {
      holder: this,
      epoch: lease.epoch + 1,
      checkpoint: { ...lease.checkpoint, ...this.life.recorder.emitted },
    })
    this.life.recorder.wake()
  }

  kill(): void {
    this.life?.kill()
    this.life = undefined
  }

  /** A clean stop: everything is written, the checkpoint is stored, and the Lease is released. */
  async stop(): Promise<void> {
    const { life } = this
    if (life === undefined) return
    this.life = undefined
    await life.stop()
    if (this.epoch() === undefined) return
    Object.assign(this.#lease, { holder: undefined, checkpoint: life.recorder.emitted })
  }
}

function firstOf<T extends { readonly id: string }>(events: readonly T[]): T[] {
  const seen = new Set<string>()
  return events.filter(({ id }) => !seen.has(id) && seen.add(id))
}

test('for any sequence of leaders each change is emitted in order, and repeated only with the same id', async () => {
  const repeated: number[] = []
  for (const seed of seeds(3, 24)) {
    const random = new SeededRandom(seed)
    const world = new ModelCluster(random)
    const shared = new ModelJournal()
    const lease: Lease = { holder: undefined, epoch: 0, checkpoint: {} }
    const replicas = [0, 1].map(
      (number) =>
        new Replica(join(dir, `${seed}-${number}.sqlite`), lease, shared, () => Math.floor(random.next() * 4)),
    )
    const one = (): Replica => replicas[random.next() < 0.5 ? 0 : 1] as Replica
    const [first, second] = replicas as [Replica, Replica]
    await first.start(world)
    first.take()
    // From here on a checkpoint exists.
    while (lease.checkpoint[modelKey] === undefined) {
      await yields(1)
      first.meet()
    }
    await second.start(world)
    for (let step = 0; step < 400; step++) {
      const dice = random.next()
      const replica = one()
      if (dice < 0.3) world.step()
      else if (dice < 0.7) await replica.watch(world)
      else if (dice < 0.85) replica.meet()
      else if (dice < 0.87) replica.kill()
      else if (dice < 0.88) await replica.stop()
      else if (dice < 0.92 && replica.life === undefined) await replica.start(world)
      else if (dice < 0.94) replica.away = !replica.away
      // A live holder keeps it.
      else if (lease.holder === undefined || lease.holder.life === undefined || lease.holder.away) replica.take()
      await yields(Math.floor(random.next() * 6))
    }
    for (const replica of replicas) {
      replica.away = false
      if (replica.life === undefined) await replica.start(world)
    }
    if (lease.holder === undefined) first.take()
    for (const replica of replicas) for (let left = 0; left <= world.happened.length; left++) await replica.watch(world)
    const last = replicas.find((replica) => replica === lease.holder) as Replica
    const other = replicas.find((replica) => replica !== last) as Replica
    await last.stop()
    other.meet()
    await yields(20)
    expect(other.life?.recorder.waiting, `seed ${seed}: emitted changes block no caller`).toBe(0)
    await other.stop()
    const [changes, events] = [shared.changes(), shared.events()]
    const problems = judgeEmitted(world, { changes: () => firstOf(changes), events: () => firstOf(events) }, 1)
    expect(problems, `seed ${seed}`).toEqual([])
    repeated.push(changes.length - firstOf(changes).length)
    const epochs = new Set(events.map(({ extensions }) => extensions?.['epoch']))
    expect(epochs.has(undefined), `seed ${seed}: every event has its epoch`).toBe(false)
  }
  // Repetitions prove that a kill happened in time.
  expect(repeated.some((count) => count > 0)).toBe(true)
}, 120_000)

test('a standby writes only what the leader has emitted, and after a kill emits the rest', async () => {
  const shared = new ModelJournal()
  const lease: Lease = { holder: undefined, epoch: 0, checkpoint: {} }
  const replica = new Replica(join(dir, 'behind.sqlite'), lease, shared, () => 0)
  const world = new ModelCluster(new SeededRandom(1))
  await replica.start(world)
  const { tracker } = replica.life as Life
  lease.checkpoint = { [modelKey]: '0' }
  replica.meet()
  await tracker.changed('ADDED', configMap('a', 'u1', 5, { x: '1' }))
  await tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '2' }))
  lease.checkpoint = { [modelKey]: '5' }
  replica.meet()
  await yields(20)
  // The change and the state that it began.
  expect(replica.life?.recorder.waiting).toBe(2)
  replica.kill()
  await replica.start(world)
  expect(replica.life?.tracker.cursor).toBe('5')
  await replica.life?.tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '2' }))
  replica.take()
  await replica.stop()
  expect(
    shared
      .changes()
      .map(({ operation, resourceVersion, old }) => [
        operation,
        resourceVersion,
        (old as { data?: object } | null)?.data,
      ]),
  ).toEqual([['updated', '6', { x: '1' }]])
})

test('changes that the last leader emitted are not emitted again by a slower replica; later ones are', async () => {
  const shared = new ModelJournal()
  const lease: Lease = { holder: undefined, epoch: 1, checkpoint: {} }
  const replica = new Replica(join(dir, 'later.sqlite'), lease, shared, () => 0)
  await replica.start(new ModelCluster(new SeededRandom(1)))
  const { tracker, recorder } = replica.life as Life
  const change = (version: number): void | Promise<void> =>
    tracker.changed(version === 5 ? 'ADDED' : 'MODIFIED', configMap('a', 'u1', version, { x: String(version) }))
  // Released by a leader with a faster watch.
  lease.checkpoint = { [modelKey]: '6' }
  replica.take()
  await yields(20)
  // Not a local checkpoint: a replica without a list begins where the last leader ended.
  expect(recorder.emitted).not.toEqual({ [modelKey]: '6' })
  for (const version of [5, 6, 7]) await change(version)
  await yields(20)
  // After a restore from a backup the server is below that; its watch ends, and the kind is listed again.
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 4, { x: '4' }))
  await tracker.listed('4')
  await replica.stop()
  expect(
    shared
      .changes()
      .map(({ operation, resourceVersion, old }) => [
        operation,
        resourceVersion,
        (old as { data?: object } | null)?.data,
      ]),
  ).toEqual([
    ['updated', '7', { x: '6' }],
    ['updated', '4', { x: '7' }],
  ])
  expect(lease.checkpoint).toEqual({ [modelKey]: '4' })
})

test('a standby buffers a bounded amount, and continues when there is room or at its end', async () => {
  const lease: Lease = { holder: undefined, epoch: 0, checkpoint: {} }
  const replica = new Replica(join(dir, 'full.sqlite'), lease, new ModelJournal(), () => 0)
  await replica.start(new ModelCluster(new SeededRandom(1)))
  const { tracker, recorder } = replica.life as Life
  let version = 1
  const fill = (): Promise<void> => {
    for (;;) {
      version++
      const room = tracker.changed(
        'ADDED',
        configMap(`n${version}`, `u${version}`, version, { x: 'y'.repeat(100_000) }),
      )
      if (room !== undefined) return room
    }
  }
  let roomy = false
  const waits = fill().then(() => (roomy = true))
  await yields(20)
  expect(roomy).toBe(false)
  lease.checkpoint = { [modelKey]: String(version) }
  replica.meet()
  await waits
  expect(recorder.waiting).toBe(0)
  const ends = fill()
  recorder.close()
  await ends
  await replica.stop()
})

test('frozen while it builds a unit, it checks the leadership again before it writes', async () => {
  const journal = new ModelJournal()
  let epoch: number | undefined
  let frozen = false
  const { recorder, stop } = await live(journal, join(dir, 'between.sqlite'), { lease: { epoch: () => epoch } })
  const written = {
    id: 'e',
    source: '/kubernetes/c1',
    type: 'x',
    encoding: 'json',
    get data() {
      // Frozen here until its leadership ends.
      if (frozen) epoch = undefined
      return Buffer.from('{}')
    },
  } as const
  await recorder.record([written], [])
  ;[frozen, epoch] = [true, 7]
  recorder.wake()
  while (epoch !== undefined) await yields(1)
  await yields(20)
  expect([journal.units.length, recorder.waiting]).toEqual([0, 1])
  ;[frozen, epoch] = [false, 8]
  recorder.wake()
  await stop()
  expect(journal.events().map(({ extensions }) => extensions)).toEqual([{ epoch: 8 }])
})
