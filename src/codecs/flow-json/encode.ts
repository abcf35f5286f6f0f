/**
 * A flow as one flat JSON object with the registry's names: addresses as text (RFC 5952, IPv4 as a dotted quad), times
 * ISO 8601 UTC with milliseconds, a u64 as a number if a double represents it exactly and else as a string, MAC
 * addresses as six hex pairs. Absent values have no key. Keys are in registry order.
 */
import type { FlowBatch } from '../../model/batches.ts'
import { flowFields } from '../../model/fields.ts'
import { columnWriter, type Writer } from './values.ts'

/** Returns a function from a row to its JSON object. */
export function flowJson(batch: FlowBatch): (row: number) => string {
  const writers: { readonly key: string; readonly write: Writer }[] = []
  for (const { name } of flowFields) {
    const column = batch.columns[name]
    if (column !== undefined) writers.push({ key: `"${name}":`, write: columnWriter(column, batch.dictionary) })
  }
  return (row) => jsonObject(writers, row)
}

/** The present members of a row, in the order of the writers; each key is quoted and ends with a colon. */
export function jsonObject(writers: readonly { readonly key: string; readonly write: Writer }[], row: number): string {
  let text = '{'
  for (const { key, write } of writers) {
    const value = write(row)
    if (value !== '') text += text === '{' ? key + value : `,${key}${value}`
  }
  return `${text}}`
}
