import type { ProtoWriter } from '../proto-writer/index.ts'
import type { Labels } from './entries.ts'

/** Numbers of the field `type`, equal in Remote Write 1.0 and 2.0. */
export const metricTypes = { counter: 1, gauge: 2, histogram: 3 } as const

export function writeValue(writer: ProtoWriter, value: number | 'stale'): void {
  // Prometheus' marker is a NaN with these bits.
  if (value === 'stale') writer.fixed64(1, 2, 0x7ff00000)
  else writer.double(1, value)
}

/** Writes labels of remote write 1.0. */
export function writeLabels(writer: ProtoWriter, labels: Labels): void {
  for (const [name, text] of labels) {
    const label = writer.begin(1)
    writer.text(1, name)
    writer.text(2, text)
    writer.end(label)
  }
}
