import { encodeStructured } from '../../codecs/cloudevents/index.ts'
import { flowJson } from '../../codecs/flow-json/index.ts'
import type { Preview, SinkPiece } from '../../engine/contracts.ts'
import type { Batch } from '../../model/batches.ts'
import { eventAt } from '../../model/events.ts'
import { stableId } from '../../model/positions.ts'

type Seal = ((text: string) => string) | undefined

function positionOf({ header: { source, epoch, sourceSequence }, firstRow }: SinkPiece, row: number, seal: Seal) {
  const id = stableId(source, epoch, sourceSequence, firstRow + row)
  return `"_pos":${JSON.stringify(seal?.(id) ?? id)}`
}

export function rowWriter(batch: Batch): (row: number) => string {
  return batch.kind === 'flows' ? flowJson(batch) : (row) => encodeStructured(eventAt(batch, row)).toString()
}

export function* rowLines(piece: SinkPiece, seal?: Seal): Generator<string> {
  const write = rowWriter(piece.batch)
  for (const row of piece.rows) {
    const object = write(row)
    yield `{${positionOf(piece, row, seal)}${object === '{}' ? '' : ','}${object.slice(1)}`
  }
}

export function* previewLines(piece: SinkPiece, previews: Iterable<Preview>, seal?: Seal): Generator<string> {
  let index = 0
  for (const preview of previews) {
    const position = positionOf(piece, piece.rows[index++] ?? 0, seal)
    const line = 'problem' in preview ? preview : { to: preview.to, headers: preview.headers, ...bodyOf(preview.body) }
    yield `{${position},${JSON.stringify(line).slice(1)}`
  }
}

const strict = new TextDecoder('utf-8', { fatal: true })

function bodyOf(bytes: Uint8Array): { body: string } | { body_base64: string } {
  try {
    return { body: strict.decode(bytes) }
  } catch {
    return { body_base64: Buffer.from(bytes).toString('base64') }
  }
}
