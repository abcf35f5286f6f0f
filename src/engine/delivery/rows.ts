import type { BatchKind, EventBatch, FlowBatch } from '../../model/batches.ts'
import type { TimeColumn } from '../../model/columns.ts'
import { isPresent } from '../../model/columns.ts'
import type { WeirEvent } from '../../model/events.ts'
import { eventAt } from '../../model/events.ts'
import { stableId } from '../../model/positions.ts'
import type { FrameHeader, SinkBatch, WriteTrace } from '../contracts.ts'

export interface SinkRow {
  /** Over the rows of all pieces, as in a Failure. */
  readonly index: number
  readonly id: string
  readonly kind: BatchKind
  readonly family: string
  /** Rows of one key are delivered in order. */
  readonly key: string | undefined
  /** For a flow: an event with the flow as JSON. */
  readonly event: WeirEvent
  /** For a flow: its columns and its row in them. */
  readonly flow?: { readonly batch: FlowBatch; readonly row: number }
}

/** JSON form of flows; changes only add fields. */
export interface FlowForm {
  readonly type: string
  /** Shared parts are computed once per batch. */
  readonly write: (batch: FlowBatch) => (row: number) => string
  /** Replaces JSON. */
  readonly binary?: { readonly contentType: string; readonly write: (batch: FlowBatch) => (row: number) => Uint8Array }
}

const utf8 = new TextEncoder()

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
  { type, write, binary }: FlowForm,
): MakeRow {
  const dataOf = binary === undefined ? jsonData(write(batch)) : binaryData(binary.contentType, binary.write(batch))
  const times = ['time_end', 'time_start', 'time_received']
    .map((name) => batch.columns[name])
    .filter((column) => column?.kind === 'time')
  return (index, row) => {
    const id = stableId(source, epoch, sourceSequence, firstRow + row)
    const event: WeirEvent = {
      id,
      source: `/weir/${source}`,
      type,
      time: firstTime(times, row) ?? received,
      ...dataOf(row),
    }
    return { index, id, kind: 'flows', family: 'flow', key: undefined, event, flow: { batch, row } }
  }
}

type DataOf = (row: number) => Pick<WeirEvent, 'datacontenttype' | 'encoding' | 'data'>

function jsonData(json: (row: number) => string): DataOf {
  return (row) => ({ datacontenttype: 'application/json', encoding: 'json', data: utf8.encode(json(row)) })
}

function binaryData(datacontenttype: string, bytes: (row: number) => Uint8Array): DataOf {
  return (row) => ({ datacontenttype, encoding: 'binary', data: bytes(row) })
}

function firstTime(columns: readonly TimeColumn[], row: number): number | undefined {
  for (const { values, valid } of columns) {
    const time = values[row] ?? Number.NaN
    if (isPresent(valid, row) && !Number.isNaN(time)) return time
  }
  return undefined
}
