import type { BatchTransform } from '../../engine/contracts.ts'
import { murmur128 } from '../../engine/dedupe/murmur.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent } from '../../model/columns.ts'
import { stableId } from '../../model/positions.ts'
import { choose } from '../rows/choose.ts'
import { keyReader } from '../rows/fields.ts'
import type { SampleConfig } from './config.ts'

const utf8 = new TextEncoder()

/** Deterministic: the hash of the key decides, without a key that of the row's stable id. */
export function sampleStep({ one_in: interval, by, adjust }: SampleConfig): BatchTransform {
  return {
    take(piece) {
      const { header, firstRow, batch } = piece
      const key =
        by === null
          ? (row: number) => stableId(header.source, header.epoch, header.sourceSequence, firstRow + row)
          : keyReader(batch, by)
      const { transformed } = choose(piece, 'sampled', (row) => murmur128([utf8.encode(key(row))])[0] % interval === 0)
      if (!adjust || interval === 1) return transformed
      return {
        ...transformed,
        outputs: transformed.outputs.map((output) =>
          output.batch.kind === 'flows' ? { ...output, batch: adjusted(output.batch, interval) } : output,
        ),
      }
    },
  }
}

const largest = 0xffff_ffff

function adjusted(batch: FlowBatch, by: number): FlowBatch {
  const column = batch.columns['sampling']
  const values = new Uint32Array(batch.count)
  for (let row = 0; row < batch.count; row++) {
    const before = column?.kind === 'u32' && isPresent(column.valid, row) ? (column.values[row] ?? 1) : 1
    values[row] = Math.min(largest, Math.max(1, before) * by)
  }
  return { ...batch, columns: { ...batch.columns, sampling: { kind: 'u32', values } } }
}
