import { ProtoWriter } from '../proto-writer/index.ts'
import type { Labels } from './entries.ts'
import { writeLabels, writeValue } from './values.ts'

/** A series with one sample, as a field of `WriteRequest` 1.0. A request is any number of them. */
export function encodeSample(labels: Labels, value: number | 'stale', at: number): Uint8Array {
  const writer = new ProtoWriter()
  const start = writer.begin(1)
  writeLabels(writer, labels)
  const sample = writer.begin(2)
  writeValue(writer, value)
  writer.int(2, at)
  writer.end(sample)
  writer.end(start)
  return writer.finish()
}
