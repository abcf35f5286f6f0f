// A week of flows, written by the store's projection with hourly merges.
import type { FlowBatch } from '../../../src/model/batches.ts'
import type { Column } from '../../../src/model/columns.ts'
import { realHost, type Host } from '../../../src/host/index.ts'
import { openStore, type Store } from '../../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../../../src/store/testing/frames.ts'
import { flowBatches } from '../throughput/batches.ts'

const hour = 3_600_000
/** Receive time of the generated batches. */
const madeAt = Date.UTC(2026, 10, 20, 8)
/** The time of the queries; the stored week is before it. */
const now = Date.UTC(2026, 10, 27, 8)
const began = now - 168 * hour

export interface Week {
  readonly store: Store
  readonly host: Host
  readonly flows: number
  readonly bytes: bigint
  readonly seconds: number
  /** Adds flows received now; returns their number. */
  add(): Promise<number>
}

/** Shifts all times of a batch. */
export function later(batch: FlowBatch, by: number): FlowBatch {
  const moved = (column: Column): Column =>
    column.kind === 'time' ? { ...column, values: column.values.map((value) => value + by) } : column
  return {
    ...batch,
    columns: Object.fromEntries(Object.entries(batch.columns).map(([name, column]) => [name, moved(column)])),
  }
}

function bytesOf({ columns, count }: FlowBatch): bigint {
  const column = columns['bytes']
  let sum = 0n
  if (column?.kind === 'u64')
    for (let row = 0; row < count; row++)
      sum += (BigInt(column.words[2 * row + 1] ?? 0) << 32n) | BigInt(column.words[2 * row] ?? 0)
  return sum
}

export async function storeWeek(directory: string, seed: number, atLeast: number): Promise<Week> {
  const batches = flowBatches(seed, 240)
  const sums = batches.map(bytesOf)
  const real = realHost()
  let clock = began
  const host: Host = { ...real, clock: { ...real.clock, now: () => clock } }
  const store = await openStore({ host, directory, resolver, log: recordingLog(), metrics: recordingMetrics() })
  const make = new FrameMaker()
  const perFrame = batches[0]?.count ?? 1
  const frames = Math.ceil(atLeast / perFrame)
  const started = performance.now()
  let bytes = 0n
  const put = async (index: number, received: number) => {
    const unit = index % batches.length
    bytes += sums[unit] ?? 0n
    await store.projection.apply([
      make.batch(later(batches[unit] as FlowBatch, received - madeAt - unit * 100 - 3), received, 'netflow'),
    ])
  }
  for (let index = 0; index < frames; index++) {
    const received = began + Math.floor((index * (now - began - 60_000)) / frames)
    if (Math.floor(received / hour) > Math.floor(clock / hour)) await store.projection.commit()
    if (Math.floor(received / hour) > Math.floor(clock / hour)) while (await store.maintain());
    clock = received
    await put(index, received)
    if (index % 4 === 3) await store.projection.commit()
  }
  await store.projection.commit()
  clock = now
  while (await store.maintain());
  let added = 0
  return {
    store,
    host,
    flows: frames * perFrame,
    bytes,
    seconds: (performance.now() - started) / 1000,
    async add() {
      clock += 1000
      await put(frames + added++, clock)
      await store.projection.commit()
      await store.maintain()
      return perFrame
    },
  }
}
