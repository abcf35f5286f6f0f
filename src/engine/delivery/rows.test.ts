import { expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import { eventBatch, flowBatch, numberedEvents } from '../../../test/conformance/batches.ts'
import type { SinkBatch } from '../contracts.ts'
import { noFlows, sinkRows } from './rows.ts'

const withFirstRow = (batch: SinkBatch, firstRow: number): SinkBatch => ({
  ...batch,
  pieces: batch.pieces.map((piece) => ({ ...piece, firstRow })),
})

test('indexes count over all pieces, and only chosen rows appear', () => {
  const events = numberedEvents(9, 'e')
  const rows = [...sinkRows(eventBatch(events, 't'), noFlows)]
  expect(rows.map(({ index, event, key, family, kind }) => [index, event.id, key, family, kind])).toEqual(
    events.map((event, index) => [index, event.id, event.key, 'event', 'events']),
  )
})

test('a stable id names the row of the frame, also when a single row is delivered again', () => {
  const { batch, ids } = flowBatch(3, 't')
  expect([...sinkRows(batch, noFlows)].map(({ id }) => id)).toEqual(ids)
  const [again] = sinkRows(withFirstRow(batch, 7), noFlows)
  expect(again?.id).toBe(ids[0]?.replace(/0$/, '7'))
  const [event] = sinkRows(withFirstRow(eventBatch(numberedEvents(1, 'e'), 't'), 5), noFlows)
  expect(event?.id).toMatch(/^in:1:\d+:6$/)
})

test('a flow’s event has the time of its end, else of its start, else of its arrival', () => {
  const { batch } = flowBatch(3, 't')
  const [piece] = batch.pieces
  const flows: FlowBatch = {
    ...(piece!.batch as FlowBatch),
    columns: {
      time_start: { kind: 'time', values: Float64Array.of(10, 11, Number.NaN) },
      time_end: { kind: 'time', values: Float64Array.of(20, 21, 22), valid: Uint8Array.of(0b001) },
    },
  }
  const rows = [...sinkRows({ ...batch, pieces: [{ ...piece!, batch: flows }] }, noFlows)]
  expect(rows.map(({ event }) => event.time)).toEqual([20, 11, piece!.header.received])
})
