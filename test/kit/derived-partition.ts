// A partition in memory with collectors, a transform, and a sink of its output.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import type { MemoryBus } from './memory-bus.ts'
import { realHost } from '../../src/host/index.ts'
import { decodeBatch, encodeBatch, type JournalBus, type Unit } from '../../src/journal/index.ts'
import { eventId, toEventBatch } from '../../src/model/events.ts'
import { defaultDelivery } from '../../src/engine/delivery/settings.ts'
import type { SinkDefinition, TransformDefinition } from '../../src/engine/contracts.ts'
import type { SinkEntry } from '../../src/engine/delivery/sinks.ts'
import { derivedBy } from '../../src/engine/sources/derive.ts'
import { PartitionWorker } from '../../src/engine/cluster/partition-worker.ts'
import { partitionOf } from '../../src/engine/cluster/names.ts'
import { SharedRecords } from '../../src/engine/cluster/records.ts'
import { frameOf, Units } from '../../src/engine/cluster/units.ts'
import { SharedWriter } from '../../src/engine/cluster/writer.ts'

const host = realHost()
const { log, metrics } = testContext()

export function recordsOf(bus: JournalBus): SharedRecords {
  const records = new SharedRecords({ bus, host, log })
  const stop = new AbortController()
  records.run(stop.signal).catch(() => undefined)
  onTestFinished(() => {
    stop.abort()
  })
  return records
}

export async function collector(bus: JournalBus, instance: string): Promise<(count: number) => Promise<unknown>> {
  const writer = await SharedWriter.open({ bus, records: recordsOf(bus), instance, host, log, queueBytes: 1e6 })
  let next = 0
  return (count) => {
    const events = numberedEvents(next + count, `${instance}-`).slice(next)
    next += count
    const unit: Unit = {
      source: 'in',
      stream: 'in',
      kind: 'events',
      count,
      raw: encodeBatch(toEventBatch(events)),
      received: host.clock.now(),
      timeMin: Number.NaN,
      timeMax: Number.NaN,
    }
    return writer.append(unit)
  }
}

/** Rejects ids that end in 9, and marks the others. */
const mark: TransformDefinition<unknown> = {
  type: 'mark',
  build: () => ({
    apply: (event) =>
      event.id.endsWith('9')
        ? { is: 'reject', reason: 'not this one' }
        : { is: 'pass', event: { ...event, id: `${event.id}!` } },
  }),
}

const common = {
  ...defaultDelivery,
  batch: { ...defaultDelivery.batch, events: 2, waitMs: 1 },
  retry: { firstMs: 5, maxMs: 20 },
}
const entries: readonly SinkEntry[] = [
  { id: 'marked', type: 'mark', settings: {}, written: '', delivery: { ...common, from: ['in'] } },
  { id: 'out', type: 'list', settings: {}, written: '', delivery: { ...common, from: ['marked'] } },
]

const filter = (): never => {
  throw new Error('no filter here')
}

/** Runs a partition; its sink adds the output to `list`. */
export async function deliver(bus: JournalBus, partition: number, list: string[] = []): Promise<PartitionWorker> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-derived-'))
  const sink: SinkDefinition<unknown> = {
    type: 'list',
    accepts: ['events'],
    idempotency: 'id',
    build: () =>
      Promise.resolve({
        send({ pieces }) {
          for (const { batch, rows } of pieces)
            if (batch.kind === 'events') for (const row of rows) list.push(eventId(batch, row))
          return Promise.resolve([])
        },
        close: () => Promise.resolve(),
      }),
  }
  const worker = await PartitionWorker.open(
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
      load: () => Promise.resolve(sink),
      loadTransform: (type) =>
        type === 'mark' ? Promise.resolve((journal) => derivedBy(mark, journal, { filter })) : undefined,
    },
    entries,
  )
  onTestFinished(async () => {
    await worker.close()
    await rm(directory, { recursive: true, force: true })
  })
  return worker
}

/** Rows of the derived stream of a partition on the bus. */
export async function derived(bus: MemoryBus, partition: number): Promise<string[]> {
  const ids: string[] = []
  const source = `marked@partition-${partition}`
  const channel = partitionOf(source, bus.partitions)
  const { last } = await bus.bounds(channel)
  if (last === 0) return ids
  const units = new Units(() => undefined)
  for await (const some of bus.read(channel, 0, new AbortController().signal)) {
    for (const record of some) {
      const unit = units.take(record)
      const frame = unit?.source === source ? frameOf(unit) : undefined
      if (frame?.header.kind !== 'events') continue
      const batch = decodeBatch('events', frame.body())
      if (batch.kind === 'events') for (let row = 0; row < batch.count; row++) ids.push(eventId(batch, row))
    }
    if ((some.at(-1)?.position ?? 0) >= last) return ids
  }
  return ids
}

export const expected = (instance: string, count: number): string[] =>
  numberedEvents(count, `${instance}-`)
    .map(({ id }) => id)
    .filter((id) => !id.endsWith('9'))
    .map((id) => `${id}!`)
