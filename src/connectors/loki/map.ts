import { encodeStructured } from '../../codecs/cloudevents/index.ts'
import { flowJson } from '../../codecs/flow-json/index.ts'
import { netobservJson } from '../../codecs/netobserv-json/index.ts'
import type { SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent } from '../../model/columns.ts'
import { messageOf } from '../../model/errors.ts'
import { eventAt } from '../../model/events.ts'
import { flowField, resolveFieldName, type FlowFieldName } from '../../model/fields.ts'
import type { Failure } from '../../model/outcome.ts'
import type { LokiConfig } from './config.ts'
import { Entries } from './map-entries.ts'
import { labelNameOf, Streams, type LabelField } from './map-labels.ts'

type Mapped = Readonly<{
  entries: Entries
  streams: Streams
  failures: readonly Failure[]
}>

export type MapBatch = (batch: SinkBatch) => Mapped

type Line = (row: number) => string

/** Largest time of Loki, in ms: nanoseconds in 63 bits. */
const maxMs = 9_223_372_036_853

export function mapBatches(config: LokiConfig): MapBatch {
  const fields = labelFields(config.labels)
  const without = new Set<string>(fields.map(({ field }) => field))
  const options = {
    flags: config.tcp_flags === 'names' ? 'names' : 'raw',
    sorted: true,
    without,
    fields: config.netobserv_fields,
  } as const
  const lineOf = (batch: FlowBatch): Line =>
    config.codec === 'json' ? flowJson(batch, without) : netobservJson(batch, options)
  return ({ pieces }) => {
    const streams = new Streams()
    const entries = new Entries()
    const failures: Failure[] = []
    let index = 0
    for (const piece of pieces) {
      if (piece.batch.kind === 'flows') addFlows(piece, piece.batch, index)
      else addEvents(piece, index)
      index += piece.rows.length
    }
    return { entries, streams, failures }

    function addFlows(piece: SinkPiece, batch: FlowBatch, first: number) {
      const stream = streams.ofFlows(batch, fields, config.static_labels)
      const time = timeOf(batch, config.timestamp, piece.header.received)
      const line = lineOf(batch)
      let at = first
      for (const row of piece.rows) entries.add(at++, stream(row), time(row), nanosOf(piece, row), line(row))
    }

    function addEvents(piece: SinkPiece, first: number) {
      const { batch, rows, header } = piece
      if (batch.kind !== 'events') return
      const stream = streams.ofEvents(batch, config.event_labels)
      let at = first
      for (const row of rows) {
        const position = at++
        try {
          const line = encodeStructured(eventAt(batch, row)).toString()
          const time = batch.time[row] ?? Number.NaN
          // The line has the event's id. Without a time, the position keeps the order.
          if (isTime(time)) entries.add(position, stream(row), Math.floor(time), nanosIn(time), line)
          else entries.add(position, stream(row), header.received, (piece.firstRow + row) % 1_000_000, line)
        } catch (error) {
          const reason = `can't be written as a CloudEvent: ${messageOf(error)}`
          failures.push({ index: position, is: 'reject', reason })
        }
      }
    }
  }
}

function labelFields(names: readonly string[]): LabelField[] {
  return names.flatMap((name) => {
    const field = resolveFieldName(name)
    return field === undefined ? [] : [{ field, name: labelNameOf(flowField(field)?.netobserv ?? field) }]
  })
}

/** Loki drops equal entries. The position in the journal makes the nanoseconds, so that equal flows differ. */
function nanosOf({ header, firstRow }: SinkPiece, row: number) {
  return ((header.sourceSequence % 1_000_000) * 8191 + firstRow + row) % 1_000_000
}

/** Nanoseconds of times with microseconds; a double has no more digits. */
const nanosIn = (ms: number) => Math.min(999, Math.round((ms - Math.floor(ms)) * 1000)) * 1000

const isTime = (ms: number) => ms >= 0 && ms <= maxMs

function timeOf({ columns }: FlowBatch, chosen: FlowFieldName, received: number): (row: number) => number {
  const names = [chosen, 'time_end', 'time_start', 'time_received'] as const
  const times = names.flatMap((name) => {
    const column = columns[name]
    return column?.kind === 'time' ? [column] : []
  })
  return (row) => {
    for (const { values, valid } of times) {
      const ms = values[row] ?? Number.NaN
      if (isTime(ms) && isPresent(valid, row)) return Math.floor(ms)
    }
    return received
  }
}
