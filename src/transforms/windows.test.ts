import { expect, test } from 'vitest'
import type { BatchTransform, SinkPiece, TransformOutput } from '../engine/contracts.ts'
import type { FlowBatch } from '../model/batches.ts'
import { eventAt, toEventBatch } from '../model/events.ts'
import { FlowBuilder } from '../model/flow-builder.ts'
import { flowJson } from '../codecs/flow-json/index.ts'
import { configFrom } from '../schema/index.ts'
import { aggregateSchema } from './aggregate/config.ts'
import { aggregateEras } from './aggregate/eras.ts'
import { dedupeSchema } from './dedupe/config.ts'
import { dedupeStep } from './dedupe/step.ts'
import { throttleSchema } from './throttle/config.ts'
import { throttleStep } from './throttle/step.ts'

let sequence = 0

function piece(received: number, ports: readonly number[], bytes = 1): SinkPiece {
  const builder = new FlowBuilder(4)
  builder.reserve(ports.length)
  const [port, sum] = [builder.column('dst_port'), builder.column('bytes')]
  ports.forEach((one, row) => {
    port.items[row] = one
    sum.items[2 * row] = bytes % 2 ** 32
    sum.items[2 * row + 1] = Math.floor(bytes / 2 ** 32)
  })
  port.markRows(0, ports.length)
  sum.markRows(0, ports.length)
  builder.commit(ports.length)
  const header = { sequence: ++sequence, received } as SinkPiece['header']
  return { header, batch: builder.batch(), rows: Uint32Array.from(ports, (_, row) => row), firstRow: 0 }
}

function outputs(transformed: ReturnType<BatchTransform['take']>['outputs']): unknown[] {
  return transformed.flatMap(({ batch }) => {
    const json = batch.kind === 'flows' ? flowJson(batch) : (): string => ''
    return Array.from({ length: batch.count }, (_, row) => JSON.parse(json(row)) as unknown)
  })
}
const filtered = ({ failures }: ReturnType<BatchTransform['take']>): number[] =>
  failures.flatMap((failure) => (failure.is === 'filter' ? [...failure.rows] : []))

test('groups beyond the limit form one marked group, and sums stay exact beyond 2^53', () => {
  const config = configFrom(aggregateSchema, {
    window: '1s',
    by: ['dst_port'],
    values: { bytes: 'sum(bytes)', mean: 'avg(dst_port)', newest: 'last(dst_port)' },
    groups: 2,
  })
  const step = aggregateEras(config, 'a')
  for (let round = 0; round < 3; round++) step.take(piece(500, [1, 2, 3, 4], 2 ** 52 + 1))
  const [one, two, rest] = outputs(step.take(piece(1000, [1])).outputs)
  expect([one, two]).toMatchObject([
    { dst_port: 1, bytes: String(3n * (2n ** 52n + 1n)) },
    { dst_port: 2, extra: { mean: 2, newest: 2 } },
  ])
  expect(rest).toMatchObject({ bytes: String(6n * (2n ** 52n + 1n)), extra: { overflow: true, mean: 3.5, newest: 4 } })
  expect(rest).not.toHaveProperty('dst_port')
})

test('an aggregate holds the journal only for the open window, and is due after its end', () => {
  const step = aggregateEras(configFrom(aggregateSchema, { window: '1s', values: { n: 'count()' } }), 'a')
  const { windows } = step
  windows?.begin({ sequence: 1, row: 0, time: 0 })
  expect(windows?.due()).toBeUndefined()
  windows?.at({ sequence: 5, row: 50 })
  step.take(piece(1500, [1]))
  expect([windows?.holds(), windows?.due()]).toEqual([{ sequence: 5, row: 50, time: 0 }, 4000])
  windows?.at({ sequence: 6, row: 60 })
  step.take(piece(2500, [1]))
  expect(windows?.holds()).toEqual({ sequence: 6, row: 60, time: 1500 })
  expect(outputs(windows?.close(9000) ?? [])).toMatchObject([{ extra: { n: 1 } }])
  expect(windows?.holds()).toMatchObject({ sequence: Number.MAX_SAFE_INTEGER, time: 9000 })
})

test('windows by event time stay open for the lateness, and later rows are filtered as late', () => {
  const config = configFrom(aggregateSchema, {
    window: '1s',
    time: 'event',
    lateness: '2s',
    by: ['dst_port'],
    values: { n: 'count()' },
  })
  const step = aggregateEras(config, 'a')
  const { windows } = step
  const take = (received: number, ends: readonly number[]): ReturnType<BatchTransform['take']> => {
    const { batch, ...rest } = piece(
      received,
      ends.map(() => 1),
    )
    const values = Float64Array.from(ends)
    const columns = { ...(batch.kind === 'flows' ? batch.columns : {}), time_end: { kind: 'time' as const, values } }
    return step.take({ ...rest, batch: { ...(batch as FlowBatch), columns } })
  }
  windows?.begin({ sequence: 0, row: 0, time: 0 })
  windows?.at({ sequence: 4, row: 40 })
  // NaN and a time after the receipt count at the receipt.
  expect(take(10_500, [9000, 8000, 7999, Number.NaN, 99_000]).failures).toMatchObject([
    { reason: 'aggregated', rows: Uint32Array.of(0, 1, 3, 4) },
    { reason: 'late', rows: Uint32Array.of(2) },
  ])
  expect([windows?.holds(), windows?.due()]).toEqual([{ sequence: 4, row: 40, time: 0 }, 13_000])
  windows?.at({ sequence: 5, row: 50 })
  const { outputs: closed, failures } = take(12_000, [8999, 9999, 12_000])
  const { 0: eight, 1: nine } = outputs(closed) as { time_start?: string; extra?: unknown }[]
  expect([eight?.time_start, nine?.time_start]).toEqual(['1970-01-01T00:00:08.000Z', '1970-01-01T00:00:09.000Z'])
  expect(failures).toMatchObject([
    { reason: 'aggregated', rows: Uint32Array.of(2) },
    { reason: 'late', rows: Uint32Array.of(0, 1) },
  ])
  expect(outputs(windows?.close(14_000) ?? [])).toMatchObject([
    { time_start: '1970-01-01T00:00:10.000Z', extra: { n: 2 } },
  ])
  expect(windows?.holds()).toMatchObject({ sequence: 5, row: 50 })
  expect(() => configFrom(aggregateSchema, { lateness: '1s', values: { n: 'count()' } })).toThrow(/late/)
})

test('after a change of the window each row is in one window, and no two results have one id', () => {
  const at = { sequence: 1, row: 0, time: 0 }
  const made = (window: string, memo?: string): BatchTransform => {
    const config = configFrom(aggregateSchema, { rows: 'flows', window, by: ['dst_port'], values: { n: 'count()' } })
    const step = aggregateEras(config, 'a')
    step.windows?.begin(at, memo)
    return step
  }
  const [first, second] = [piece(500, [1]), piece(2500, [1, 1])]
  const one = made('2s')
  expect(one.windows?.restored?.()).toBe(true)
  expect(outputs([...one.take(first).outputs, ...one.take(second).outputs])).toMatchObject([
    { time_end: '1970-01-01T00:00:02.000Z', extra: { n: 1 } },
  ])
  // A restart before the sink's position was stored: the rows follow again, and the second one is not in a result.
  const two = made('3s', one.windows?.memo?.())
  expect(two.windows?.restored?.()).toBe(true)
  const taken = [first, second, piece(3900, [1]), piece(4100, [1]), piece(7000, [1])].flatMap(
    (some) => two.take(some).outputs,
  )
  expect(outputs(taken)).toMatchObject([
    { time_start: '1970-01-01T00:00:00.000Z', extra: { n: 1 } },
    { time_start: '1970-01-01T00:00:02.000Z', time_end: '1970-01-01T00:00:04.000Z', extra: { n: 3 } },
    { time_start: '1970-01-01T00:00:04.000Z', time_end: '1970-01-01T00:00:06.000Z', extra: { n: 1 } },
  ])
  // Without another change the record stays as it is.
  const three = made('3s', two.windows?.memo?.())
  expect(three.windows?.restored?.()).toBe(false)
})

test('events summed up by their time after a change have other ids than those before', () => {
  const config = (lateness: string): ReturnType<typeof configFrom<typeof aggregateSchema>> =>
    configFrom(aggregateSchema, { rows: 'events', time: 'event', window: '1s', lateness, values: { n: 'count()' } })
  const take = (step: BatchTransform, received: number): TransformOutput[] => {
    const batch = toEventBatch([{ id: 'e', source: '/s', type: 't', time: 1500, encoding: 'none' }])
    const header = { sequence: ++sequence, received } as SinkPiece['header']
    return [...step.take({ header, batch, rows: Uint32Array.of(0), firstRow: 0 }).outputs]
  }
  const one = aggregateEras(config('2s'), 'a')
  one.windows?.begin({ sequence: 0, row: 0, time: 0 })
  one.windows?.restored?.()
  take(one, 1600)
  const two = aggregateEras(config('5s'), 'a')
  two.windows?.begin({ sequence: 0, row: 0, time: 0 }, one.windows?.memo?.())
  take(two, 1600)
  two.windows?.restored?.()
  take(two, 2100)
  const closed = two.windows?.close(9000) ?? []
  const events = closed.flatMap(({ batch }) => (batch.kind === 'events' ? [eventAt(batch, 0)] : []))
  expect(events.map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as unknown)).toMatchObject([
    { from: '1970-01-01T00:00:01.000Z', values: { n: 1 } },
    { from: '1970-01-01T00:00:01.000Z', values: { n: 1 } },
  ])
  expect(new Set(events.map(({ id }) => id)).size).toBe(2)
})

test('a throttle counts by key and interval, and further keys share one limit', () => {
  const config = configFrom(throttleSchema, { rows: 1, interval: '1s', by: ['dst_port'], keys: 2 })
  const step = throttleStep(config)
  expect(filtered(step.take(piece(100, [1, 2, 1, 3, 4, 2])))).toEqual([2, 4, 5])
  expect(filtered(step.take(piece(999, [1])))).toEqual([0])
  expect(filtered(step.take(piece(1000, [1, 1])))).toEqual([1])
})

test('a repeat renews its key, and the key that occurred longest ago is forgotten first', () => {
  const step = dedupeStep(configFrom(dedupeSchema, { by: ['dst_port'], window: '1s', keys: 2 }))
  expect(filtered(step.take(piece(0, [1])))).toEqual([])
  expect(filtered(step.take(piece(900, [1])))).toEqual([0])
  expect(filtered(step.take(piece(1800, [1])))).toEqual([0])
  expect(filtered(step.take(piece(2800, [1])))).toEqual([])
  expect(filtered(step.take(piece(2900, [2, 3, 1])))).toEqual([])
})
