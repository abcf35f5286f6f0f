// The complete source with a shared journal: a start knows the state on the bus, from any replica.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { testContext } from '../../../../test/conformance/batches.ts'
import { MemoryBus } from '../../../../test/kit/memory-bus.ts'
import { configMaps, SmallCluster } from '../../../../test/kit/small-cluster.ts'
import { partitionOf } from '../../../engine/cluster/names.ts'
import { sharedReplayOf } from '../../../engine/cluster/shared-replay.ts'
import { SharedRecords } from '../../../engine/cluster/records.ts'
import { frameOf, Units } from '../../../engine/cluster/units.ts'
import { SharedWriter } from '../../../engine/cluster/writer.ts'
import { realHost, type Host } from '../../../host/index.ts'
import { decodeBatch, type JournalBus } from '../../../journal/index.ts'
import { eventAt } from '../../../model/events.ts'
import type { ChangeData } from '../../../model/kubernetes.ts'
import { configFrom } from '../../../schema/index.ts'
import { kubernetesSchema } from '../config.ts'
import { openKubernetes } from '../source.ts'
import type { KubernetesSource } from './cluster.ts'

const real = realHost()
const faster = 20
const host: Host = {
  ...real,
  clock: { ...real.clock, monotonic: () => real.clock.monotonic() * faster },
  timers: { ...real.timers, sleep: (ms, signal) => real.timers.sleep(ms > 60_000 ? ms : ms / faster, signal) },
}
const partition = partitionOf('kube', 3)

let dir = ''
let folders = 0
const ends: (() => unknown)[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-shared-source-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function cluster(): Promise<SmallCluster> {
  const made = await SmallCluster.start(configMaps)
  ends.push(() => made.close())
  await writeFile(join(dir, 'kubeconfig'), made.kubeconfig)
  return made
}

interface Weir {
  readonly source: KubernetesSource
  readonly logged: string[]
  /** Stores the checkpoint. */
  save(): Promise<void>
  /** As `kill -9`: nothing more reaches the bus. */
  kill(): void
}

/** A collector with an empty folder. */
async function start(
  bus: MemoryBus,
  instance: string,
  { turn = '2m', forgotten = undefined as (() => void) | undefined } = {},
): Promise<Weir> {
  let dead = false
  const alive = <T>(act: () => Promise<T>): Promise<T> => (dead ? new Promise<never>(() => undefined) : act())
  const own: JournalBus = {
    where: 'memory',
    partitions: bus.partitions,
    close: () => bus.close(),
    read: (...args) => bus.read(...args),
    bounds: (channel) => alive(() => bus.bounds(channel)),
    claim: async (name) => {
      const writer = await bus.claim(name)
      return {
        fence: (...args) => alive(() => writer.fence(...args)),
        write: (...args) => alive(() => writer.write(...args)),
        close: () => writer.close(),
      }
    },
  }
  const stop = new AbortController()
  ends.push(() => stop.abort())
  const logged: string[] = []
  const say = (message: string): void => void logged.push(message)
  const context = { ...testContext(), host, log: { ...testContext().log, warn: say, error: say } }
  const records = new SharedRecords({ bus: own, host, log: context.log })
  records.run(stop.signal).catch(() => undefined)
  const writer = await SharedWriter.open({ bus: own, records, instance, host, log: context.log, queueBytes: 1e8 })
  const source = await openKubernetes(
    configFrom(kubernetesSchema, { cluster: 'c1', kubeconfig: join(dir, 'kubeconfig'), lease: { duration: turn } }),
    {
      ...context,
      id: 'kube',
      state: join(dir, String(folders++)),
      cursor: undefined,
      epoch: writer.epoch,
      shed: () => undefined,
      metrics: {
        ...context.metrics,
        count: (name) => {
          if (name === 'weir_kubernetes_stateless_restarts_total') forgotten?.()
        },
      },
      append: async (unit) => {
        const appended = await writer.appendShared({ ...unit, source: 'kube' })
        return { ...appended, position: { sequence: appended.busPosition ?? 0, row: 0 } }
      },
      replay: sharedReplayOf('kube', { bus: own, records, instance, host, log: context.log, signal: stop.signal }),
    },
  )
  source.run(stop.signal).catch(() => undefined)
  return {
    source,
    logged,
    save: () => writer.save(),
    kill: () => {
      dead = true
      stop.abort()
    },
  }
}

interface Read {
  readonly changes: (ChangeData & { readonly id: string; readonly by: string })[]
  /** Number of complete states that were stored. */
  readonly states: number
}

async function read(bus: MemoryBus): Promise<Read> {
  const { before, last } = await bus.bounds(partition)
  const units = new Units(() => undefined)
  const changes: Read['changes'] = []
  let states = 0
  if (last > before)
    for await (const some of bus.read(partition, 0, new AbortController().signal)) {
      for (const record of some) {
        const unit = units.take(record)
        if (unit?.pieces[0]?.decoded.header.cursor !== undefined) states++
        const frame = unit === undefined ? undefined : frameOf(unit)
        const batch = frame?.header.kind === 'events' ? decodeBatch('events', frame.body()) : undefined
        if (batch?.kind !== 'events') continue
        for (let row = 0; row < batch.count; row++) {
          const event = eventAt(batch, row)
          if (event.family === 'change')
            changes.push({
              ...(JSON.parse(Buffer.from(event.data ?? []).toString()) as ChangeData),
              id: event.id,
              by: unit?.source ?? '',
            })
        }
      }
      if ((some.at(-1)?.position ?? 0) >= last) break
    }
  return { changes, states }
}

const emitted = async (bus: MemoryBus): Promise<string[]> =>
  (await read(bus)).changes.map(
    ({ operation, name, by, coalesced }) =>
      `${operation} ${name} ${by.slice(5)}${coalesced === true ? ' coalesced' : ''}`,
  )
const patient = { timeout: 20_000, interval: 20 }

/** Resolves when the bus has a state. */
async function known(bus: MemoryBus): Promise<void> {
  await expect.poll(async () => (await read(bus)).states, patient).toBe(1)
}

test('after a kill it resumes from the bus with an empty folder: each change once, in order', async () => {
  const [bus, at] = [new MemoryBus(3), await cluster()]
  for (const name of ['quiet', 'gone', 'changed']) at.put(name, { x: '1' })
  const first = await start(bus, 'a')
  await known(bus)
  at.put('changed', { x: '2' })
  await expect.poll(() => emitted(bus), patient).toEqual(['updated changed a'])
  first.kill()
  at.put('changed', { x: '3' })
  at.put('new', { x: '1' })
  const second = await start(bus, 'a')
  await expect.poll(() => emitted(bus), patient).toEqual(['updated changed a', 'updated changed a', 'created new a'])
  second.kill()
  // A change that was never emitted, and that the server has compacted.
  at.put('quiet', { x: '2' })
  at.remove('gone')
  at.endWatches({ forget: true })
  const third = await start(bus, 'a')
  await expect
    .poll(async () => (await emitted(bus)).slice(3).sort(), patient)
    .toEqual(['deleted gone a coalesced', 'updated quiet a coalesced'])
  const { changes } = await read(bus)
  expect(
    changes.map(({ old, new: now }) => [old, now].map((state) => (state as { data?: { x: string } } | null)?.data?.x)),
  ).toEqual(
    expect.arrayContaining([
      ['1', '2'],
      ['2', '3'],
      [undefined, '1'],
      ['1', undefined],
    ]),
  )
  expect(new Set(changes.map(({ id }) => id)).size).toBe(5)
  expect([...first.logged, ...second.logged, ...third.logged]).toEqual([])
})

test('a standby replica takes over when the leader dies, and knows the last emitted state', async () => {
  const [bus, at] = [new MemoryBus(3), await cluster()]
  at.put('one', { x: '0' })
  const first = await start(bus, 'a', { turn: '20s' })
  await known(bus)
  // A state that the bus removed is stored again.
  bus.forget(partition, (await bus.bounds(partition)).last)
  expect((await read(bus)).states).toBe(0)
  await known(bus)
  const second = await start(bus, 'b', { turn: '20s' })
  await expect
    .poll(() => second.source.status(), patient)
    .toMatchObject({ synced: true, objects: 1, lease: { state: 'stands by' } })
  for (let x = 1; x <= 20; x++) at.put('one', { x: String(x) })
  await expect.poll(async () => (await emitted(bus)).length, patient).toBe(20)
  // Before it stored its checkpoint.
  first.kill()
  at.put('one', { x: '21' })
  await expect.poll(async () => (await emitted(bus)).length, patient).toBe(21)
  const { changes } = await read(bus)
  expect(changes.map((change) => (change.new as { data: { x: string } }).data.x)).toEqual(
    Array.from({ length: 21 }, (_, index) => String(index + 1)),
  )
  expect(changes.at(-1)?.by).toBe('kube@b')
  expect(second.source.status().lease?.epoch).toBeGreaterThan(1)
})

test('if the bus has lost the state, this is logged and counted, and the cluster is listed again', async () => {
  const [bus, at] = [new MemoryBus(3), await cluster()]
  at.put('one', { x: '1' })
  const first = await start(bus, 'a')
  await known(bus)
  await first.save()
  first.kill()
  at.put('one', { x: '2' })
  bus.forget(partition, (await bus.bounds(partition)).last)
  let counted = 0
  const second = await start(bus, 'a', { forgotten: () => counted++ })
  expect(counted).toBe(1)
  expect(second.logged).toEqual([expect.stringMatching(/has no state of the cluster.*listed again/)])
  await expect.poll(() => second.source.status(), patient).toMatchObject({ synced: true, objects: 1 })
  at.put('one', { x: '3' })
  await expect
    .poll(async () => (await read(bus)).changes.map(({ old }) => (old as { data: { x: string } }).data.x), patient)
    .toEqual(['2'])
})
