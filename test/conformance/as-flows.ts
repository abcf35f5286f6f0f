// Runs the cases, which send events, on a sink that accepts flows only.
import type { Sink, SinkBatch, SinkPiece } from '../../src/engine/contracts.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import type { Column } from '../../src/model/columns.ts'
import { eventAt } from '../../src/model/events.ts'
import { stableId } from '../../src/model/positions.ts'

export const flowNamespace = 'conformance-flow'

/** Each row becomes a flow with the id as name of the source (flows: their stable id). */
export function asFlows(sink: Sink): Sink {
  const turned = (batch: SinkBatch): SinkBatch => ({ ...batch, pieces: batch.pieces.map(turn) })
  return {
    ...sink,
    send: (batch, signal) => sink.send(turned(batch), signal),
    ...(sink.preview === undefined ? {} : { preview: (batch) => sink.preview?.(turned(batch)) ?? [] }),
  }
}

function turn(piece: SinkPiece): SinkPiece {
  const { batch, header, firstRow } = piece
  const { source, epoch, sourceSequence } = header
  const ids = Array.from({ length: batch.count }, (_, row) =>
    batch.kind === 'events' ? eventAt(batch, row).id : stableId(source, epoch, sourceSequence, firstRow + row),
  )
  const before = batch.kind === 'flows' ? batch : { columns: {} as Record<string, Column>, dictionary: [''] }
  const from = before.dictionary.length
  const flows: FlowBatch = {
    kind: 'flows',
    count: batch.count,
    dictionary: [...before.dictionary, flowNamespace, ...ids],
    columns: {
      ...before.columns,
      src_namespace: { kind: 'dict', codes: new Uint32Array(batch.count).fill(from) },
      src_name: { kind: 'dict', codes: Uint32Array.from(ids, (_, row) => from + 1 + row) },
    },
  }
  return { ...piece, batch: flows }
}
