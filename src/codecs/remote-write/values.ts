import type { ProtoWriter } from '../proto-writer/index.ts'

/** The same numbers in both versions. */
export const metricTypes = { counter: 1, gauge: 2, histogram: 3 } as const

export function writeValue(writer: ProtoWriter, value: number, stale: boolean): void {
  // Prometheus' marker is a NaN with these bits.
  if (stale) writer.fixed64(1, 2, 0x7ff00000)
  else writer.double(1, value)
}
