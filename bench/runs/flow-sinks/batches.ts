import type { SinkBatch, SinkPiece } from '../../../src/engine/contracts.ts'
import { frameHeader } from '../../../src/journal/frame-header.ts'
import { flowBatches } from '../throughput/batches.ts'

/** The default of `delivery.events`. */
const batchRows = 1000
let sequence = 0

/** Flows of new positions, in batches as delivery makes them. */
export function sinkBatches(seed: number, flows: number): SinkBatch[] {
  const batches: SinkBatch[] = []
  for (const batch of flowBatches(seed, Math.ceil(flows / 3600))) {
    sequence++
    const header = frameHeader({
      sequence,
      firstRow: sequence * 3600,
      kind: 'flows',
      source: 'netflow',
      count: batch.count,
      received: 1_700_000_000_000,
    })
    for (let from = 0; from < batch.count; from += batchRows) {
      const count = Math.min(batchRows, batch.count - from, flows - batches.length * batchRows)
      if (count <= 0) break
      const rows = Uint32Array.from({ length: count }, (_, row) => from + row)
      const piece: SinkPiece = { header, batch, rows, firstRow: 0 }
      batches.push({ token: `${sequence}-${from}`, count, pieces: [piece], retried: false })
    }
  }
  return batches
}
