/** Addresses RFC 5952, times ISO 8601 UTC, u64 beyond 2^53 as strings. Absent values have no key. */
import type { FlowBatch } from '../../model/batches.ts'
import { ByteBuffer, type RowWriter } from '../../model/byte-buffer.ts'
import { flowFields } from '../../model/fields.ts'
import { columnPut, objectPut, rowTexts, type Member } from './put.ts'
import { QuotedTexts } from './texts.ts'

/** `without`: fields to leave out. */
export function flowJsonWriter(batch: FlowBatch, without?: ReadonlySet<string>): RowWriter {
  const texts = new QuotedTexts(batch.dictionary)
  const members: Member[] = []
  for (const { name } of flowFields) {
    const column = without?.has(name) === true ? undefined : batch.columns[name]
    if (column !== undefined) members.push({ key: `"${name}":`, put: columnPut(column, texts) })
  }
  return objectPut(members)
}

export function flowJson(batch: FlowBatch, without?: ReadonlySet<string>): (row: number) => string {
  return rowTexts(flowJsonWriter(batch, without), new ByteBuffer())
}
