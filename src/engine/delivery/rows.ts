import type { BatchKind, EventBatch, FlowBatch } from '../../model/batches.ts'
import { ByteBuffer, type RowWriter } from '../../model/byte-buffer.ts'
import { isPresent } from '../../model/columns.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { stableId } from '../../model/positions.ts'
import type { FrameHeader, SinkBatch, WriteTrace } from '../contracts.ts'

export type SinkRow = Readonly<{
  index: number
  id: string
  kind: BatchKind
  family: string
  key: string | undefined
  /** For a flow: an event with the flow as JSON. */
  event: WeirEvent
  flow?: Readonly<{ batch: FlowBatch; row: number }>
}>

/** Form of flows; changes only add fields. */
export type FlowForm = Readonly<{
  type: string
  contentType: string
  encoding: 'json' | 'binary'
  /** Shared parts are computed once per batch. */
  write: (batch: FlowBatch) => RowWriter
}>

/** For batches without flows. */
export const noFlows: FlowForm = {
  type: 'io.weir.flow',
  contentType: 'application/json',
  encoding: 'json',
  write: () => () => {},
}

const firstRowBytes = 1024

export function* sinkRows(batch: SinkBatch, flows: FlowForm): Generator<SinkRow, void, undefined> {
  let index = 0
  for (const { header, batch: rows, rows: chosen, firstRow } of batch.pieces) {
    const make =
      rows.kind === 'flows' ? flowRows(header, rows, firstRow, flows) : eventRows(header, rows, firstRow, batch.trace)
    for (const row of chosen) yield make(index++, row)
  }
}

type MakeRow = (index: number, row: number) => SinkRow

function eventRows(
  { source, epoch, sourceSequence }: FrameHeader,
  batch: EventBatch,
  firstRow: number,
  trace: WriteTrace | undefined,
): MakeRow {
  return (index, row) => {
    const event = trace === undefined ? eventAt(batch, row) : traced(eventAt(batch, row), trace)
    const id = stableId(source, epoch, sourceSequence, firstRow + row)
    return { index, id, kind: 'events', family: event.family ?? 'event', key: event.key, event }
  }
}

function traced(event: WeirEvent, trace: WriteTrace): WeirEvent {
  const traceparent = trace.traceparent(event)
  return traceparent === undefined || event.extensions?.['traceparent'] !== undefined
    ? event
    : { ...event, extensions: { ...event.extensions, traceparent } }
}

function flowRows(
  { source, epoch, sourceSequence, received }: FrameHeader,
  batch: FlowBatch,
  firstRow: number,
  { type, contentType: datacontenttype, encoding, write: writerOf }: FlowForm,
): MakeRow {
  const write = writerOf(batch)
  const out = new ByteBuffer(firstRowBytes)
  const timeOf = flowTime(batch, received)
  return (index, row) => {
    const id = stableId(source, epoch, sourceSequence, firstRow + row)
    out.at = 0
    write(row, out)
    const data = out.copy()
    const event: WeirEvent = { id, source: `/weir/${source}`, type, time: timeOf(row), datacontenttype, encoding, data }
    return { index, id, kind: 'flows', family: 'flow', key: undefined, event, flow: { batch, row } }
  }
}

/** Unix ms of the end of a flow, else of its start, else of its arrival. */
export function flowTime({ columns }: FlowBatch, received: number): (row: number) => number {
  const times = ['time_end', 'time_start', 'time_received'].flatMap((name) => {
    const column = columns[name]
    return column?.kind === 'time' ? [column] : []
  })
  return (row) => {
    for (const { values, valid } of times) {
      const time = values[row] ?? Number.NaN
      if (isPresent(valid, row) && !Number.isNaN(time)) return time
    }
    return received
  }
}
