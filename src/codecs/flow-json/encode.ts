/**
 * A flow as one flat JSON object by the registry's names: addresses as text (RFC 5952, IPv4 as a dotted quad), times
 * ISO 8601 UTC with milliseconds, a u64 as a number while a double holds it exactly and as a string above, MAC addresses
 * as six hex pairs. What a row does not have has no key. Keys stand in the order of the registry.
 */
import type { FlowBatch } from '../../model/batches.ts'
import { flowFields } from '../../model/fields.ts'
import { columnWriter, type Writer } from './values.ts'

/** Prepares a batch; the function it returns gives the JSON object of a row. */
export function flowJson(batch: FlowBatch): (row: number) => string {
  const writers: { readonly key: string; readonly write: Writer }[] = []
  for (const { name } of flowFields) {
    const column = batch.columns[name]
    if (column !== undefined) writers.push({ key: `"${name}":`, write: columnWriter(column, batch.dictionary) })
  }
  return (row) => jsonObject(writers, row)
}

/** The members that the row has, in the order of the writers; each key is quoted and ends in its colon. */
export function jsonObject(writers: readonly { readonly key: string; readonly write: Writer }[], row: number): string {
  let text = '{'
  for (const { key, write } of writers) {
    const value = write(row)
    if (value !== '') text += text === '{' ? key + value : `,${key}${value}`
  }
  return `${text}}`
}
