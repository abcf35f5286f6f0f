import { expect, it } from 'vitest'
import { flowBatch, testContext } from '../../test/conformance/batches.ts'
import { rowReader, type InMessage } from '../codecs/bus-message/read.ts'
import { encodeBatch } from '../codecs/cloudevents/index.ts'
import { flowForm } from '../codecs/flow-forms/index.ts'
import type { Attempt } from '../engine/delivery/in-order.ts'
import { sinkRows } from '../engine/delivery/rows.ts'
import type { Sink, SinkBatch, SinkPiece } from '../engine/contracts.ts'
import { EventRows } from '../model/event-rows.ts'
import { eventAt } from '../model/events.ts'
import { eachMessageSink, type OutMessage } from './message-sink.ts'
import type { PackConfig } from './packed-flows.ts'

const config = {
  codec: 'json',
  tcp_flags: 'number',
  kollect_fields: 'all',
  mode: 'binary',
  oversize: 'dead-letter',
  part_size: 1024,
  claims: null,
  concurrency: 4,
  timeout: 1000,
} as const
const never = new AbortController().signal
const form = flowForm({ codec: 'json', tcp_flags: 'number' })

interface Bus {
  readonly sink: Sink
  readonly messages: OutMessage[]
  outcome: (message: OutMessage) => Attempt
}

async function busWith(pack: Partial<PackConfig>): Promise<Bus> {
  const messages: OutMessage[] = []
  const outcomes: Pick<Bus, 'outcome'> = { outcome: () => undefined }
  const sink = await eachMessageSink(
    { ...config, pack_flows: { rows: 10, bytes: 1 << 20, format: 'json', ...pack } },
    testContext(),
    {
      ready: () => Promise.resolve(undefined),
      write: (message: OutMessage) => message,
      show: ({ body, facts }) => ({ body, headers: facts }),
      probe: () => Promise.resolve({ is: 'ok', message: 'there' }),
      close: () => Promise.resolve(),
      publish(message) {
        messages.push(message)
        return Promise.resolve(outcomes.outcome(message))
      },
    },
  )
  return Object.assign(outcomes, { sink, messages })
}

function idsOf({ body }: OutMessage): string[] {
  return (JSON.parse(Buffer.from(body).toString()) as { id: string }[]).map(({ id }) => id)
}

/** The rows of these indexes, as a retry has them. */
function only(batch: SinkBatch, takes: (index: number) => boolean): SinkBatch {
  let index = 0
  const pieces = batch.pieces.map((piece) => ({ ...piece, rows: piece.rows.filter(() => takes(index++)) }))
  return { ...batch, count: pieces.reduce((sum, { rows }) => sum + rows.length, 0), pieces }
}

it('a message holds flows of several frames of a source, as CloudEvents byte for byte', async () => {
  const [first, second] = [flowBatch(7, 't'), flowBatch(8, 't')]
  const batch = { ...first.batch, count: 15, pieces: [...first.batch.pieces, ...second.batch.pieces] }
  const bus = await busWith({})
  expect(await bus.sink.send(batch, never)).toEqual([])
  expect(bus.messages.map(idsOf)).toEqual([[...first.ids, ...second.ids.slice(0, 3)], second.ids.slice(3)])
  const events = [...sinkRows(batch, form)].map(({ event }) => event)
  expect(Buffer.from(bus.messages[0]!.body).toString()).toBe(encodeBatch(events.slice(0, 10)).toString())
  expect(bus.messages[0]).toMatchObject({
    contentType: 'application/cloudevents-batch+json',
    facts: { type: 'io.weir.flow.v1', family: 'flow', rows: '10' },
    attributes: {},
    key: undefined,
  })
})

it('flows of several sources are in separate messages', async () => {
  const [first, second, third] = [flowBatch(2, 't'), flowBatch(2, 't'), flowBatch(2, 't')]
  const other = second.batch.pieces.map((piece): SinkPiece => ({ ...piece, header: { ...piece.header, source: 'b' } }))
  const pieces = [...first.batch.pieces, ...other, ...third.batch.pieces]
  const bus = await busWith({})
  expect(await bus.sink.send({ ...first.batch, count: 6, pieces }, never)).toEqual([])
  expect(bus.messages.map((message) => idsOf(message).length)).toEqual([4, 2])
  expect(bus.messages.map(({ row }) => row.event.source)).toEqual(['/weir/in', '/weir/b'])
})

it.each([
  ['json', 'application/cloudevents-batch+json'],
  ['protobuf', 'application/cloudevents-batch+protobuf'],
] as const)('the reader of a bus reads the events of format %s', async (format, contentType) => {
  const { batch } = flowBatch(25, 't')
  const bus = await busWith({ format })
  expect(await bus.sink.send(batch, never)).toEqual([])
  expect(bus.messages.map((message) => [message.contentType, message.facts['rows']])).toEqual(
    [10, 10, 5].map((rows) => [contentType, String(rows)]),
  )
  const read = await rowReader({ codec: 'cloudevents', parse: null, event_type: 'x' })
  const rows = new EventRows(25, 1024)
  for (const message of bus.messages) read(arrived(message), '/weir/in', 1, rows)
  const events = rows.batch()
  for (const { index, event } of sinkRows(batch, form)) expect(eventAt(events, index)).toMatchObject(event)
  expect(events.count).toBe(25)
})

it('lines hold the data of flows, and are read as one event each', async () => {
  const { batch } = flowBatch(12, 't')
  const bus = await busWith({ format: 'lines' })
  expect(await bus.sink.send(batch, never)).toEqual([])
  const data = [...sinkRows(batch, form)].map(({ event }) => Buffer.from(event.data ?? []).toString())
  expect(Buffer.from(bus.messages[0]!.body).toString()).toBe(`${data.slice(0, 10).join('\n')}\n`)
  const read = await rowReader({ codec: 'json', parse: null, event_type: 'x' })
  const rows = new EventRows(12, 1024)
  expect(bus.messages.map((message) => read(arrived(message), '/weir/in', 1, rows))).toEqual([10, 2])
  const events = rows.batch()
  expect(eventAt(events, 9)).toMatchObject({ id: 'STREAM/1/10', type: 'x' })
  expect(data).toEqual(Array.from(data, (_, index) => Buffer.from(eventAt(events, index).data ?? []).toString()))
})

function arrived({ attributes, contentType, body }: OutMessage): InMessage {
  return { attributes, contentType, body, place: 'STREAM/1', time: undefined, key: undefined }
}

it('a message above the limit of bytes is halved, and its neighbours keep their bounds', async () => {
  const { batch } = flowBatch(40, 't')
  const [whole, limited] = [await busWith({ rows: 20 }), await busWith({ rows: 20, bytes: 2500 })]
  await whole.sink.send(batch, never)
  await limited.sink.send(batch, never)
  expect(limited.messages.map((message) => idsOf(message).length)).toEqual([10, 10, 10, 10])
  expect(limited.messages.every(({ body }) => body.length <= 2502)).toBe(true)
  expect(limited.messages.flatMap(idsOf)).toEqual(whole.messages.flatMap(idsOf))
})

it('a retry of some messages has the same bounds and ids', async () => {
  const { batch } = flowBatch(38, 't')
  const bus = await busWith({ bytes: 700 })
  const lost = new Set([1, 2, 5])
  let count = 0
  bus.outcome = () => (lost.has(count++) ? { is: 'retry', reason: 'no acknowledgement' } : undefined)
  const failures = await bus.sink.send(batch, never)
  const [before, left] = [
    [...bus.messages],
    new Set(failures.map((failure) => ('index' in failure ? failure.index : -1))),
  ]
  expect(left.size).toBe([...lost].reduce((sum, at) => sum + idsOf(before[at]!).length, 0))
  bus.messages.length = 0
  bus.outcome = () => undefined
  expect(
    await bus.sink.send(
      only(batch, (index) => left.has(index)),
      never,
    ),
  ).toEqual([])
  expect(bus.messages.map(({ id }) => id)).toEqual([...lost].map((at) => before[at]?.id))
  expect(bus.messages.map(idsOf)).toEqual([...lost].map((at) => idsOf(before[at]!)))
})

it('a sink of the next start sends the same messages for the same rows', async () => {
  const { batch } = flowBatch(25, 't')
  const [one, other] = [await busWith({}), await busWith({})]
  await one.sink.send(batch, never)
  await other.sink.send(batch, never)
  expect(other.messages.map(({ id }) => id)).toEqual(one.messages.map(({ id }) => id))
  expect(new Set(one.messages.map(({ id }) => id)).size).toBe(3)
  expect(one.messages[0]?.id).toMatch(/^[\w-]{43}$/)
})

it('a refused message is sent in halves, so that only the row at fault is rejected', async () => {
  const { batch, ids } = flowBatch(20, 't')
  const bus = await busWith({})
  bus.outcome = (message) => (idsOf(message).includes(ids[13]!) ? { is: 'reject', reason: 'not this one' } : undefined)
  expect(await bus.sink.send(batch, never)).toEqual([{ index: 13, is: 'reject', reason: 'not this one' }])
})

it('a message that is too large for the bus is sent in halves', async () => {
  const { batch, ids } = flowBatch(20, 't')
  const bus = await busWith({ rows: 20 })
  bus.outcome = ({ body }) => (body.length > 900 ? { is: 'reject', reason: 'too large', tooLarge: true } : undefined)
  expect(await bus.sink.send(batch, never)).toEqual([])
  expect(bus.messages.filter(({ body }) => body.length <= 900).flatMap(idsOf)).toEqual(ids)
})

it('while the bus is away, no further message is sent and all rows are retried', async () => {
  const { batch } = flowBatch(100, 't')
  const bus = await busWith({})
  bus.outcome = () => ({ is: 'retry', reason: 'the connection is lost', away: true })
  const failures = await bus.sink.send(batch, never)
  expect(failures.map((failure) => failure.is)).toEqual(Array.from({ length: 100 }, () => 'retry'))
  expect(bus.messages.length).toBeLessThanOrEqual(4)
})

it('the preview has one message for each row', async () => {
  const { batch } = flowBatch(3, 't')
  const bus = await busWith({})
  const previews = [...(bus.sink.preview?.(batch) ?? [])]
  expect(previews.map((one) => ('body' in one ? one.headers?.['rows'] : one.problem))).toEqual(['1', '1', '1'])
})
