import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { MemoryBus } from '../../../test/kit/memory-bus.ts'
import { listSink, recordsOf, sinkEntry, unit } from '../../../test/kit/shared-journal.ts'
import { realHost } from '../../host/index.ts'
import type { SinkRecord, Tally } from '../delivery/tally.ts'
import { ConfiguredSinks, youngMs } from './configured-sinks.ts'
import { keys } from './names.ts'
import { PartitionWorkers } from './partition-workers.ts'
import { SharedWriter } from './writer.ts'

const patience = { timeout: 30_000, interval: 10 }
const host = realHost()

/** With a clock that is ahead by `later` ms. */
function configuration(bus: MemoryBus, instance: string, later = 0): ConfiguredSinks {
  const clock = { now: () => host.clock.now() + later, monotonic: () => host.clock.monotonic() }
  const { log } = testContext()
  return new ConfiguredSinks({ bus, records: recordsOf(bus), instance, host: { ...host, clock }, log })
}

function collector(bus: MemoryBus): Promise<SharedWriter> {
  const { log } = testContext()
  return SharedWriter.open({ bus, records: recordsOf(bus), instance: 'c', host, log, queueBytes: 1e6 })
}

interface Deliverer {
  readonly lines: readonly string[]
  /** As at a start or reload. */
  apply(sinks: readonly string[]): Promise<void>
  stop(): Promise<void>
}

/** Delivers with the list of the same name as target. */
async function deliverer(bus: MemoryBus, targets: Readonly<Record<string, string[]>>, later = 0): Promise<Deliverer> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-configured-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const { log, metrics, lines } = testContext()
  const configured = configuration(bus, 'd', later)
  const lanes = new PartitionWorkers({
    bus,
    records: recordsOf(bus),
    instance: 'd',
    host,
    log,
    metrics,
    directory,
    maxBytes: 1e8,
    heartbeatMs: 50,
    load: (type) => Promise.resolve(listSink(targets[type] ?? [])),
  })
  const end = new AbortController()
  let running: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    end.abort()
    await running
  }
  onTestFinished(stop)
  return {
    lines,
    stop,
    async apply(sinks) {
      await configured.apply(sinks)
      await lanes.apply(sinks.map(sinkEntry))
      running ??= lanes.run(end.signal)
    },
  }
}

/** Units by number, for one row each. */
const rows = (...units: number[]): string[] => units.map((number) => `in@c:1:${number}:0`)

async function tallyOf(bus: MemoryBus, sink: string): Promise<Tally | undefined> {
  const records = recordsOf(bus)
  await records.sync(new AbortController().signal)
  return records.get<SinkRecord>(keys.sink(0, sink))?.sources['in@c']
}

test('a sink receives the rows that a collector accepted before its deliverer started', async () => {
  const bus = new MemoryBus(1)
  await configuration(bus, 'c').apply(['out'])
  const writer = await collector(bus)
  for (let at = 0; at < 3; at++) await writer.append(unit(1))
  const ids: string[] = []
  const other = await deliverer(bus, { out: ids })
  await other.apply(['out'])
  await expect.poll(() => ids, patience).toEqual(rows(1, 2, 3))
  await other.stop()
  expect(await tallyOf(bus, 'out')).toMatchObject({ accounted: 3, delivered: 3, filtered: {} })
})

test('in a journal that has just begun, sinks that no collector names start where it starts', async () => {
  const bus = new MemoryBus(1)
  await configuration(bus, 'c').apply([])
  const writer = await collector(bus)
  await writer.append(unit(1))
  const ids: string[] = []
  const young = await deliverer(bus, { out: ids })
  await young.apply(['out'])
  await expect.poll(() => ids, patience).toEqual(rows(1))
})

test.each([
  ['an older journal', async (bus: MemoryBus) => configuration(bus, 'c', -youngMs).apply([])],
  ['a journal of an earlier version', () => Promise.resolve()],
])('in %s they start where it ends, and the log names the number of earlier rows', async (_, begin) => {
  const bus = new MemoryBus(1)
  await begin(bus)
  const writer = await collector(bus)
  for (let at = 0; at < 2; at++) await writer.append(unit(1))
  const ids: string[] = []
  const other = await deliverer(bus, { out: ids })
  await other.apply(['out'])
  await expect.poll(() => tallyOf(bus, 'out'), patience).toMatchObject({ filtered: { before_start: 2 } })
  await writer.append(unit(1))
  await expect.poll(() => ids, patience).toEqual(rows(3))
  expect(other.lines.filter((line) => line.includes('sink out is new'))).toEqual([
    expect.stringContaining('{"rows":2,"partition":0}'),
  ])
})

test('a sink that is added later starts where the first instance was reloaded with it, in every order', async () => {
  for (const first of ['collector', 'deliverer']) {
    const bus = new MemoryBus(1)
    const settings = configuration(bus, 'c')
    await settings.apply(['out'])
    const [out, late]: [string[], string[]] = [[], []]
    const other = await deliverer(bus, { out, late })
    await other.apply(['out'])
    const writer = await collector(bus)
    await writer.append(unit(1))
    await writer.append(unit(1))
    // The deliverer has passed the position at which the sink starts.
    await expect.poll(() => out, patience).toEqual(rows(1, 2))
    if (first === 'collector') await settings.apply(['out', 'late'])
    else await other.apply(['out', 'late'])
    await writer.append(unit(1))
    await writer.append(unit(1))
    await expect.poll(() => new Set(out), patience).toEqual(new Set(rows(1, 2, 3, 4)))
    if (first === 'collector') await other.apply(['out', 'late'])
    else await settings.apply(['out', 'late'])
    await expect.poll(() => late, patience).toEqual(rows(3, 4))
    await other.stop()
    expect(await tallyOf(bus, 'late')).toMatchObject({ accounted: 4, delivered: 2, filtered: { before_start: 2 } })
    expect(out).toEqual(rows(1, 2, 3, 4))
  }
})

test('a sink that returns after its removal starts where the first instance was reloaded with it', async () => {
  const bus = new MemoryBus(1)
  const settings = configuration(bus, 'c')
  await settings.apply(['out'])
  const ids: string[] = []
  const other = await deliverer(bus, { out: ids })
  await other.apply(['out'])
  const writer = await collector(bus)
  await writer.append(unit(1))
  await expect.poll(() => ids, patience).toEqual(rows(1))
  await other.apply([])
  const records = recordsOf(bus)
  await expect.poll(() => records.get<SinkRecord>(keys.sink(0, 'out'))?.removed, patience).toBe(true)
  // Its configuration still names the sink: it was configured before the removal.
  await writer.append(unit(1))
  await settings.apply([])
  await settings.apply(['out'])
  await writer.append(unit(1))
  await other.apply(['out'])
  await expect.poll(() => ids, patience).toEqual(rows(1, 3))
  await other.stop()
  expect(await tallyOf(bus, 'out')).toMatchObject({ accounted: 3, delivered: 2, dropped: { removed: 1 } })
})

test('a restart and a second instance with the same configuration do not move the start', async () => {
  const bus = new MemoryBus(1)
  await configuration(bus, 'c').apply(['out'])
  const writer = await collector(bus)
  await writer.append(unit(1))
  await configuration(bus, 'c').apply(['out'])
  await configuration(bus, 'c2').apply(['out'])
  await writer.append(unit(1))
  const ids: string[] = []
  const other = await deliverer(bus, { out: ids })
  await other.apply(['out'])
  await expect.poll(() => ids, patience).toEqual(rows(1, 2))
})

test('a start counts rows that the bus removed before it as not sent, and reports them', async () => {
  const bus = new MemoryBus(1)
  const settings = configuration(bus, 'c')
  await settings.apply([])
  const writer = await collector(bus)
  await writer.append(unit(1))
  await settings.apply(['out'])
  for (let at = 0; at < 3; at++) await writer.append(unit(1))
  bus.forget(0, (await bus.bounds(0)).last - 1)
  const ids: string[] = []
  const other = await deliverer(bus, { out: ids })
  await other.apply(['out'])
  await expect.poll(() => ids, patience).toEqual(rows(4))
  await other.stop()
  expect(await tallyOf(bus, 'out')).toMatchObject({ accounted: 4, delivered: 1, filtered: { before_start: 3 } })
  expect(other.lines.some((line) => line.startsWith('warn sink out starts late'))).toBe(true)
})
