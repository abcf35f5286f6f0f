import type { Failure } from '../../model/outcome.ts'
import type { SinkBatch } from '../contracts.ts'
import { behindKey } from './in-order.ts'

/** Adds a retry for each later event of a failed key. For systems that store an event once if it is sent again. */
export function withBehindFailed({ pieces }: SinkBatch, failures: readonly Failure[]): Failure[] {
  const all = [...failures].sort((a, b) => a.index - b.index)
  if (all.length === 0) return all
  const failed = new Map(all.map((failure) => [failure.index, failure]))
  const keys = new Set<string>()
  let index = 0
  for (const { batch, rows } of pieces) {
    for (const row of rows) {
      const at = index++
      const key = batch.kind === 'events' ? (batch.dictionary[batch.key[row] ?? 0] ?? '') : ''
      if (key === '') continue
      if (failed.has(at)) keys.add(key)
      else if (keys.has(key)) all.push({ index: at, is: 'retry', reason: behindKey(key) })
    }
  }
  return all.sort((a, b) => a.index - b.index)
}
