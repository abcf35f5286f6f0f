// Parts of a shared journal on a bus in memory.
import { onTestFinished } from 'vitest'
import { SharedRecords } from '../../src/engine/cluster/records.ts'
import type { SinkDefinition } from '../../src/engine/contracts.ts'
import { defaultDelivery } from '../../src/engine/delivery/settings.ts'
import type { SinkEntry } from '../../src/engine/delivery/sinks.ts'
import { realHost } from '../../src/host/index.ts'
import { encodeBatch, type Unit } from '../../src/journal/index.ts'
import { toEventBatch } from '../../src/model/events.ts'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import type { MemoryBus } from './memory-bus.ts'

const host = realHost()

/** Read until the end of the test. */
export function recordsOf(bus: MemoryBus): SharedRecords {
  const records = new SharedRecords({ bus, host, log: testContext().log })
  const stop = new AbortController()
  records.run(stop.signal).catch(() => undefined)
  onTestFinished(() => {
    stop.abort()
  })
  return records
}

export function unit(count: number, more: Partial<Unit> = {}): Unit {
  const raw = encodeBatch(toEventBatch(numberedEvents(count, 'e')))
  return {
    source: 'in',
    stream: 'in',
    kind: 'events',
    count,
    raw,
    received: host.clock.now(),
    timeMin: Number.NaN,
    timeMax: Number.NaN,
    ...more,
  }
}

/** Appends `<source>:<epoch>:<sequence of the unit>:<row>`. */
export function listSink(ids: string[]): SinkDefinition<unknown> {
  return {
    type: 'list',
    accepts: ['events'],
    idempotency: 'id',
    build: () =>
      Promise.resolve({
        send({ pieces }) {
          for (const { header, rows } of pieces)
            for (const row of rows) ids.push(`${header.source}:${header.epoch}:${header.sourceSequence}:${row}`)
          return Promise.resolve([])
        },
        close: () => Promise.resolve(),
      }),
  }
}

/** The type is the id. */
export function sinkEntry(id: string): SinkEntry {
  return {
    id,
    type: id,
    settings: {},
    written: '',
    delivery: { ...defaultDelivery, from: ['in'], retry: { firstMs: 5, maxMs: 20 } },
  }
}
