import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { MemoryBus } from '../../../test/kit/memory-bus.ts'
import { recordsOf, unit } from '../../../test/kit/shared-journal.ts'
import { realHost } from '../../host/index.ts'
import { encodeBatch, Fenced, type BusRecord, type JournalBus } from '../../journal/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { defaultDelivery } from '../delivery/settings.ts'
import type { SinkLedger } from '../control.ts'
import { deadLetterAdmin } from '../delivery/dead-letter-admin.ts'
import { makeLedger } from '../ledger/ledger.ts'
import type { SinkDefinition } from '../contracts.ts'
import type { SinkEntry } from '../delivery/sinks.ts'
import { sharedLedger } from './shared-ledger.ts'
import { copyPartition } from './copy.ts'
import { sharedName } from './journal-name.ts'
import { PartitionWorker, type PartitionRecord } from './partition-worker.ts'
import { PartitionWorkers, sharesOf } from './partition-workers.ts'
import { begun, countedOf, outcomeBetween, passed } from './sink-progress.ts'
import { SharedDeadLetters } from './dead-letter-commands.ts'
import { keys, deadLetterKeys, lookBack, partitionOf, type ReachedRecord, type TotalsRecord } from './names.ts'
import { SharedWriter } from './writer.ts'
import { totalsUpTo, Units, type Refused, type SharedUnit } from './units.ts'

const patience = { timeout: 30_000, interval: 10 }

const host = realHost()
const { log } = testContext()

const open = (bus: MemoryBus, onUnit?: (unit: SharedUnit) => void): Promise<SharedWriter> =>
  SharedWriter.open({
    bus,
    records: recordsOf(bus),
    instance: 'a',
    host,
    log,
    queueBytes: 1e6,
    ...(onUnit === undefined ? {} : { onUnit }),
  })

/** Units of the partition of source `in` of instance `a`. */
async function readBack(bus: MemoryBus): Promise<{ readonly units: SharedUnit[]; readonly refused: Refused[] }> {
  const [units, refused]: [SharedUnit[], Refused[]] = [[], []]
  const join = new Units((why) => refused.push(why))
  const partition = partitionOf('in@a', bus.partitions)
  const { last } = await bus.bounds(partition)
  if (last > 0)
    for await (const some of bus.read(partition, 0, new AbortController().signal)) {
      for (const record of some) {
        const whole = join.take(record)
        if (whole !== undefined) units.push(whole)
      }
      if ((some.at(-1)?.position ?? 0) >= last) break
    }
  return { units, refused }
}

test('a restarted instance continues with the next epoch, the totals and the cursor, also after a kill', async () => {
  const bus = new MemoryBus(3)
  const first = await open(bus)
  await first.append(unit(3, { cursor: Uint8Array.of(1) }))
  await first.append(unit(2, { cursor: Uint8Array.of(2), shed: { full: 4 } }))
  const seen: SharedUnit[] = []
  const second = await open(bus, (one) => seen.push(one))
  expect(second.epoch).toBe(first.epoch + 1)
  expect(second.totals().get('in')).toMatchObject({ accepted: 5, shed: { full: 4 }, cursor: Uint8Array.of(2) })
  expect(seen.map(({ pieces }) => pieces[0]?.decoded.header.count)).toEqual([3, 2])
  await second.append(unit(1))
  await second.save()
  const third = await open(bus)
  expect(third.totals().get('in')?.accepted).toBe(6)
  const headers = (await readBack(bus)).units.map(({ pieces }) => pieces[0]?.decoded.header)
  expect(headers.map((header) => [header?.source, header?.epoch, header?.sourceSequence, header?.sourceRows])).toEqual([
    ['in@a', 1, 1, 0],
    ['in@a', 1, 2, 3],
    ['in@a', 2, 1, 5],
  ])
})

test('of two instances with one name the earlier is fenced, and every accepted unit is stored', async () => {
  const bus = new MemoryBus(3)
  const older = await open(bus)
  await older.append(unit(1))
  const newer = await open(bus)
  await expect(older.append(unit(1))).rejects.toThrow(/another instance writes as/)
  await newer.append(unit(1))
  expect((await readBack(bus)).units).toHaveLength(2)
})

test('units wait while the bus is unreachable and are rejected only above the limit', async () => {
  const bus = new MemoryBus(3)
  const writer = await open(bus)
  await writer.append(unit(1))
  bus.away = true
  const waiting = writer.append(unit(1, { raw: new SeededRandom(7).bytes(1_100_000) }))
  await expect(writer.append(unit(1))).rejects.toMatchObject({ code: 'WEIR_JOURNAL_FULL' })
  bus.away = false
  expect((await waiting).sourceSequence).toBe(2)
})

test('readers reassemble a unit larger than a record with other records between its parts', async () => {
  const bus = new MemoryBus(1)
  const writer = await open(bus)
  const raw = new SeededRandom(7).bytes(1_300_000)
  await writer.append(unit(1, { raw }))
  const records: { key: string; value: Uint8Array }[] = []
  for await (const some of bus.read(0, 0, new AbortController().signal)) {
    records.push(...some)
    break
  }
  const other = await open(bus)
  const small = new Units(() => undefined)
  const refused: Refused[] = []
  const units = new Units((why) => refused.push(why))
  const parts = records.filter(({ value }) => value.length > 0)
  expect(parts.length).toBeGreaterThan(2)
  const whole = parts
    .map((record, at) => units.take({ ...record, position: at + 1 }))
    .filter((one) => one !== undefined)
  expect(whole).toHaveLength(1)
  expect(whole[0]?.pieces.reduce((sum, { body }) => sum + body.length, 0)).toBeGreaterThan(1_200_000)
  // Duplicate, corrupt, of an unknown source, and without the first part.
  for (const [at, record] of parts.entries()) units.take({ ...record, position: 100 + at })
  units.take({ key: 'x', value: Uint8Array.of(1, 2, 3), position: 200 })
  small.take({ ...(parts[1] as (typeof parts)[0]), position: 1 })
  expect(new Set(refused)).toEqual(new Set(['repeated', 'damaged']))
  await other.close()
})

test('concurrent instances agree on one name of a shared journal', async () => {
  const bus = new MemoryBus(2)
  const name = (): Promise<string> => sharedName({ bus, records: recordsOf(bus), host, log })
  const [first, ...others] = await Promise.all([name(), name(), name()])
  expect(first).toMatch(/^[\w-]{8}$/)
  expect(new Set([...others, await name()])).toEqual(new Set([first]))
})

test('a reader that starts inside a large unit reads it completely, also with distant positions', async () => {
  const bus = new MemoryBus(1)
  const [writer, other] = [
    await open(bus),
    await SharedWriter.open({ bus, records: recordsOf(bus), instance: 'b', host, log, queueBytes: 1e6 }),
  ]
  await writer.append(unit(1, { raw: new SeededRandom(7).bytes(900_000) }))
  await other.append(unit(1))
  const records: BusRecord[] = []
  for await (const some of bus.read(0, 0, new AbortController().signal)) {
    records.push(...some.filter(({ value }) => value.length > 0))
    break
  }
  const [first, last, between] = records as [BusRecord, BusRecord, BusRecord]
  // JetStream stores each part as a message.
  const there = [first, between, last].map((record, at) => ({ ...record, position: 1024 * (at + 1) }))
  const stop = new AbortController()
  const far: JournalBus = {
    where: 'far',
    partitions: 1,
    stride: 1024,
    claim: () => Promise.reject(new Error('nobody writes')),
    close: () => Promise.resolve(),
    bounds: () => Promise.resolve({ before: 0, last: 3072 }),
    async *read(_channel, after) {
      yield await Promise.resolve(there.filter(({ position }) => position > after))
    },
  }
  const taken: string[] = []
  await copyPartition({
    bus: far,
    partition: 0,
    after: 2048,
    host,
    log,
    metrics: testContext().metrics,
    signal: stop.signal,
    take: (units) => {
      taken.push(...units.map(({ source, pieces }) => `${source} ${pieces.length}`))
      stop.abort()
      return Promise.resolve()
    },
  })
  expect(taken).toEqual(['in@a 2'])
})

test('shares are even and the same for all, and few partitions move', () => {
  const shares = sharesOf(12, ['b', 'a', 'c'])
  expect(shares).toEqual(sharesOf(12, ['c', 'b', 'a']))
  const count = (name: string): number => [...shares.values()].filter((owner) => owner === name).length
  expect(['a', 'b', 'c'].map(count)).toEqual([4, 4, 4])
  expect([...sharesOf(12, ['a']).values()]).toEqual(Array.from({ length: 12 }, () => 'a'))
  expect(sharesOf(2, ['a', 'b', 'c']).size).toBe(2)
  expect(sharesOf(3, []).size).toBe(0)
})

test('a bus that reports a fenced name is not retried', async () => {
  const bus = new MemoryBus(1)
  const writer = await bus.claim('x')
  await bus.claim('x')
  await expect(writer.write(0, [])).rejects.toThrow(Fenced)
})

/** A worker of the partition of `in@a` with one sink, which appends to a list and fails while `refuses` is set. */
async function worker(
  bus: MemoryBus,
  other: { readonly ids: string[]; refuses?: boolean; rejects?: boolean },
): Promise<PartitionWorker> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-lane-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const definition: SinkDefinition<unknown> = {
    type: 'list',
    accepts: ['events'],
    idempotency: 'id',
    build: () =>
      Promise.resolve({
        send({ pieces, count }) {
          if (other.refuses === true)
            return Promise.resolve(
              Array.from({ length: count }, (_, index) => ({ index, is: 'retry' as const, reason: 'not now' })),
            )
          if (other.rejects === true)
            return Promise.resolve(
              Array.from({ length: count }, (_, index) => ({ index, is: 'reject' as const, reason: 'poison' })),
            )
          for (const { header, rows } of pieces)
            for (const row of rows) other.ids.push(`${header.source}:${header.epoch}:${header.sourceSequence}:${row}`)
          return Promise.resolve([])
        },
        close: () => Promise.resolve(),
      }),
  }
  const entry: SinkEntry = {
    id: 'out',
    type: 'list',
    settings: {},
    written: '',
    delivery: { ...defaultDelivery, from: ['in'], retry: { firstMs: 5, maxMs: 20 } },
  }
  const partition = partitionOf('in@a', bus.partitions)
  const { metrics } = testContext()
  return PartitionWorker.open(
    {
      bus,
      records: recordsOf(bus),
      partition,
      instance: 'd',
      host,
      log,
      metrics,
      directory: `${directory}/lane`,
      maxBytes: 1e8,
      load: () => Promise.resolve(definition),
    },
    [entry],
  )
}

test('a takeover resumes each sink, and rows that the bus removed are counted', async () => {
  const bus = new MemoryBus(3)
  const partition = partitionOf('in@a', 3)
  const writer = await open(bus)
  await writer.append(unit(2))
  const other: { ids: string[]; refuses?: boolean } = { ids: [] }
  // Rows before the start of the sink are not delivered to it.
  const first = await worker(bus, other)
  await writer.append(unit(3))
  await expect.poll(() => other.ids, patience).toEqual(['in@a:1:2:0', 'in@a:1:2:1', 'in@a:1:2:2'])
  await first.close()
  other.refuses = true
  const second = await worker(bus, other)
  await writer.append(unit(1))
  await expect.poll(() => second.sinks.get('out')?.error, patience).toContain('not now')
  // Not closed: fenced like a process that hangs.
  other.refuses = false
  await writer.append(unit(1))
  await writer.append(unit(4))
  bus.forget(partition, (await bus.bounds(partition)).last - 1)
  const third = await worker(bus, other)
  await expect.poll(() => other.ids.filter((id) => id.startsWith('in@a:1:5')), patience).toHaveLength(4)
  await expect.poll(() => second.lost, { timeout: 5000 }).toBe(true)
  await second.close()
  await third.close()
  const records = recordsOf(bus)
  await records.sync(new AbortController().signal)
  const [books] = sharedLedger(records, [{ name: 'in@a', accepted: 11, duplicates: 0, shed: {} }]).sinks
  const tally = books?.tallies['in@a']
  expect(tally).toMatchObject({ accounted: 11, filtered: { before_start: 2 } })
  expect((tally?.delivered ?? 0) + (tally?.quarantined ?? 0)).toBe(9)
  expect(tally?.quarantined).toBeGreaterThan(0)
})

test('a source learns from the records when a sink has passed its rows and how many were rejected', async () => {
  const bus = new MemoryBus(3)
  const partition = partitionOf('in@a', 3)
  const [writer, records] = [await open(bus), recordsOf(bus)]
  const other = { ids: [] as string[], refuses: true, rejects: false }
  expect(begun(records, 'out', partition)).toBe(false)
  const deliverer = await worker(bus, other)
  await expect.poll(() => begun(records, 'out', partition), patience).toBe(true)
  await writer.append(unit(2))
  let settled = 'not yet'
  const waiting = passed(records, 'out', writer.places('in'), new AbortController().signal).then(
    (result) => (settled = result),
  )
  expect(await passed(records, 'out', writer.places(), AbortSignal.abort())).toBe('stopped')
  await expect.poll(() => deliverer.sinks.get('out')?.error, patience).toContain('not now')
  expect(settled).toBe('not yet')
  other.refuses = false
  expect(await waiting).toBe('settled')
  expect(other.ids).toHaveLength(2)
  const before = countedOf(records, 'out', 'in@a', partition)
  other.rejects = true
  await writer.append(unit(3))
  await passed(records, 'out', writer.places('in'), new AbortController().signal)
  const after = countedOf(records, 'out', 'in@a', partition)
  expect([outcomeBetween(before, after, 3), outcomeBetween(after, after, 3), outcomeBetween(after, after, 0)]).toEqual([
    { is: 'dead-lettered', rows: 3 },
    { is: 'delivered' },
    { is: 'delivered' },
  ])
  other.refuses = true
  await writer.append(unit(1))
  const left = passed(records, 'out', writer.places('in'), new AbortController().signal)
  await deliverer.sinks.apply([])
  expect(await left).toBe('gone')
  expect(begun(records, 'out', partition)).toBe(false)
  await deliverer.close()
})

test('every instance lists the dead letters on the bus, and the deliverer moves them', async () => {
  const bus = new MemoryBus(3)
  const [writer, records] = [await open(bus), recordsOf(bus)]
  const other = { ids: [] as string[], rejects: true }
  const first = await worker(bus, other)
  const text = Buffer.from(new SeededRandom(7).bytes(700_000)).toString('hex')
  const large = toEventBatch(
    numberedEvents(1, 'large').map((event) => ({ ...event, encoding: 'text' as const, data: Buffer.from(text) })),
  )
  await writer.append(unit(1))
  await writer.append(unit(1, { raw: encodeBatch(large) }))
  const box = new SharedDeadLetters({ bus, records, instance: 'api', host, log })
  const admin = deadLetterAdmin(box)
  await expect.poll(() => admin.list({}, 10, true), patience).toHaveLength(2)
  const letters = await admin.list({ sink: 'out' }, 10, true)
  const [older, newer] = letters.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  expect([older, newer]).toMatchObject([
    { sink: 'out', reason: 'poison', state: 'open', body: { id: 'e0' } },
    { state: 'open', body: { id: 'large0', data: text } },
  ])
  const ledger = (): SinkLedger | undefined => {
    const { sources, sinks } = sharedLedger(records, [])
    return makeLedger(sources, sinks).sinks[0]
  }
  await expect.poll(ledger, patience).toMatchObject({ delivered: 0, dead_lettered: 2, pending: 0, quarantined: 0 })
  // The next deliverer reads the dead letters and runs the commands written meanwhile.
  await first.close()
  const retried = admin.retry('out', { ids: [newer?.id ?? ''] })
  other.rejects = false
  const second = await worker(bus, other)
  expect(await retried).toBe(1)
  await expect.poll(() => other.ids, patience).toEqual(['in@a:1:2:0'])
  await expect.poll(ledger, patience).toMatchObject({ delivered: 1, dead_lettered: 1, pending: 0 })
  expect(await admin.show(newer?.id ?? '', 'out')).toMatchObject({ state: 'delivered' })
  expect(records.under(`${deadLetterKeys}-body/`)).toEqual([])
  expect(await admin.edit('out', older?.id ?? '', { ...(older?.body as object), data: { changed: true } })).toBe(true)
  await expect.poll(ledger, { timeout: 5000 }).toMatchObject({ delivered: 2, dead_lettered: 0 })
  other.rejects = true
  await writer.append(unit(1))
  await expect.poll(() => admin.list({}, 10, true), patience).toHaveLength(1)
  expect(await admin.drop('out')).toBe(1)
  await expect
    .poll(ledger, patience)
    .toMatchObject({ delivered: 2, dead_lettered: 0, dropped: { dead_letter: 1 }, quarantined: 0 })
  await expect(admin.retry('none')).rejects.toMatchObject({ code: 'WEIR_SINK_UNKNOWN' })
  await box.close()
  await second.close()
})

test('of two deliverers with one name the earlier releases everything and reports why', async () => {
  const bus = new MemoryBus(3)
  const directory = await mkdtemp(join(tmpdir(), 'weir-lanes-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const { metrics } = testContext()
  const stop = new AbortController()
  const deliverer = async (name: string): Promise<{ lanes: PartitionWorkers; done: Promise<void> }> => {
    const lanes = new PartitionWorkers({
      bus,
      records: recordsOf(bus),
      instance: 'd',
      host,
      log,
      metrics,
      directory: `${directory}/${name}`,
      maxBytes: 1e8,
      heartbeatMs: 50,
      load: () => Promise.reject(new Error('unknown sink')),
    })
    await lanes.apply([])
    return { lanes, done: lanes.run(stop.signal) }
  }
  const older = await deliverer('older')
  await expect.poll(() => older.lanes.all.size, { timeout: 10_000 }).toBe(3)
  const newer = await deliverer('newer')
  await expect.poll(() => older.lanes.problem, { timeout: 10_000 }).toContain('another Weir delivers as d')
  await expect.poll(() => [older.lanes.all.size, newer.lanes.all.size], { timeout: 10_000 }).toEqual([0, 3])
  stop.abort()
  await Promise.all([older.done, newer.done])
})

test('a takeover resumes at the last position although a removed source saved its totals long before', async () => {
  const bus = new MemoryBus(1)
  const records = recordsOf(bus)
  const signal = new AbortController().signal
  const writers: SharedWriter[] = []
  for (const instance of ['gone', 'here'])
    writers.push(await SharedWriter.open({ bus, records, instance, host, log, queueBytes: 1e6 }))
  const [gone, here] = writers as [SharedWriter, SharedWriter]
  await gone.append(unit(2))
  const asGone = await totalsUpTo({ bus, records, partition: 0, signal })
  for (let at = 0; at < 2 * lookBack; at++) await here.append(unit(1))
  const { last } = await bus.bounds(0)
  const note: ReachedRecord = { place: last - 3, accepted: { 'in@gone': 2, 'in@here': 2 * lookBack - 3 } }
  const worker = await bus.claim('partition/0')
  await worker.write('records', [{ key: keys.reached(0), value: Buffer.from(JSON.stringify(note)) }])
  await records.sync(signal)
  expect(records.get<TotalsRecord>(keys.totals('in@gone'))?.place).toBeLessThan(asGone.place)
  const from: number[] = []
  const watched: JournalBus = {
    where: bus.where,
    partitions: bus.partitions,
    claim: (name) => bus.claim(name),
    bounds: (channel) => bus.bounds(channel),
    close: () => bus.close(),
    read: (channel, after, until) => {
      from.push(after)
      return bus.read(channel, after, until)
    },
  }
  const { totals, place } = await totalsUpTo({ bus: watched, records, partition: 0, signal })
  expect([[...totals].map(([name, { accepted }]) => `${name} ${accepted}`).toSorted(), place, from]).toEqual([
    ['in@gone 2', `in@here ${2 * lookBack}`],
    last,
    [last - 3 - lookBack],
  ])
})

test('a partition that an instance owns and does not deliver moves to another instance', async () => {
  const bus = new MemoryBus(6)
  const directory = await mkdtemp(join(tmpdir(), 'weir-lanes-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const before: number[] = []
  // `e` cannot open these partitions, which become those of `d`.
  await mkdir(`${directory}/e`)
  for (const [partition, owner] of sharesOf(6, ['d', 'e'])) {
    if (owner !== 'd') continue
    await writeFile(`${directory}/e/${partition}`, '')
    before.push(partition)
  }
  const { metrics } = testContext()
  const stop = new AbortController()
  const records = recordsOf(bus)
  const deliverer = (instance: string) => {
    const lanes = new PartitionWorkers({
      bus,
      records: recordsOf(bus),
      instance,
      host,
      log,
      metrics,
      directory: `${directory}/${instance}`,
      maxBytes: 1e8,
      heartbeatMs: 50,
      load: () => Promise.reject(new Error('unknown sink')),
    })
    return { lanes, done: lanes.run(stop.signal) }
  }
  const first = deliverer('e')
  const owners = () => before.map((partition) => records.get<PartitionRecord>(keys.owner(partition)))
  await expect.poll(owners, { timeout: 60_000 }).toEqual(before.map(() => ({ owner: 'e', free: false })))
  const second = deliverer('d')
  await expect
    .poll(() => [...second.lanes.all.keys()].toSorted((a, b) => a - b), { timeout: 60_000 })
    .toEqual(before.toSorted((a, b) => a - b))
  stop.abort()
  await Promise.all([first.done, second.done])
})
