import type { FlowBatch } from './batches.ts'
import { isPresent, type Column } from './columns.ts'

/** Unix ms: the start by the exporter's clock, or the receive time if that is missing or known to be wrong. */
export function eventTimeOf(batch: FlowBatch, row: number, received: number): number {
  const skewed = batch.columns['time_skewed']
  if (skewed?.kind === 'u8' && isPresent(skewed.valid, row) && skewed.values[row] === 1) return received
  const start = batch.columns['time_start']
  if (start?.kind !== 'time' || !isPresent(start.valid, row)) return received
  const time = start.values[row] ?? Number.NaN
  return Number.isNaN(time) ? received : time
}

export function eventTimesOf(batch: FlowBatch, received: number): Float64Array {
  const times = new Float64Array(batch.count).fill(received)
  const start = batch.columns['time_start']
  if (start?.kind !== 'time') return times
  const skewed = batch.columns['time_skewed']
  const clocks = skewed?.kind === 'u8' ? skewed : undefined
  for (let row = 0; row < batch.count; row++) {
    const time = start.values[row]!
    if (
      Number.isNaN(time) ||
      !isPresent(start.valid, row) ||
      (clocks?.values[row] === 1 && isPresent(clocks.valid, row))
    )
      continue
    times[row] = time
  }
  return times
}

const defaultNetwork = 'default'

export function macsBeside({ columns }: FlowBatch, addresses: Column): ((row: number) => number) | undefined {
  const macs =
    columns[addresses === columns['src_addr'] ? 'src_mac' : addresses === columns['dst_addr'] ? 'dst_mac' : '']
  if (macs?.kind !== 'mac') return undefined
  const { words, valid } = macs
  return (row) => (isPresent(valid, row) ? (words[2 * row + 1]! & 0xffff) * 2 ** 32 + words[2 * row]! : Number.NaN)
}

/** Name of the first user-defined network of a row; '' if it has none. Undefined if no row has one. */
export function networksBeside({ columns, dictionary }: FlowBatch): ((row: number) => string) | undefined {
  const networks = columns['udns']
  if (networks?.kind !== 'list<dict>') return undefined
  const { offsets, items } = networks
  return (row) => {
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      const name = dictionary[items[at]!] ?? ''
      if (name !== '' && name !== defaultNetwork) return name
    }
    return ''
  }
}
