import type { Family } from '../flow-metrics/index.ts'
import { ProtoWriter } from '../proto-writer/index.ts'
import { eachSeries, type Entry, type WriteOptions } from './entries.ts'
import { metricTypes, writeLabels, writeValue } from './values.ts'

export function encodeV1(entries: readonly Entry[], { labels: common, at, stale = false }: WriteOptions): Uint8Array {
  const writer = new ProtoWriter()
  const metadata = new Map<string, Family>()
  for (const entry of entries) {
    metadata.set(entry.family.name, entry.family)
    eachSeries(entry, common, (labels, value) => {
      const start = writer.begin(1)
      writeLabels(writer, labels)
      const sample = writer.begin(2)
      writeValue(writer, stale ? 'stale' : value)
      writer.int(2, at)
      writer.end(sample)
      writer.end(start)
    })
  }
  for (const { name, type, help, unit } of metadata.values()) {
    const start = writer.begin(3)
    writer.uint(1, metricTypes[type])
    writer.text(2, name)
    writer.text(4, help)
    if (unit !== undefined) writer.text(5, unit)
    writer.end(start)
  }
  return writer.finish()
}
