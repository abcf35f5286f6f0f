/** Addresses RFC 5952, times ISO 8601 UTC, u64 beyond 2^53 as strings. Absent values have no key. */
import type { FlowBatch } from '../../model/batches.ts'
import { flowFields } from '../../model/fields.ts'
import { columnWriter, type Writer } from './values.ts'

/** `without`: fields to leave out. */
export function flowJson(batch: FlowBatch, without?: ReadonlySet<string>): (row: number) => string {
  const writers: { readonly key: string; readonly write: Writer }[] = []
  for (const { name } of flowFields) {
    const column = without?.has(name) === true ? undefined : batch.columns[name]
    if (column !== undefined) writers.push({ key: `"${name}":`, write: columnWriter(column, batch.dictionary) })
  }
  return (row) => jsonObject(writers, row)
}

/** Each key is quoted and ends with a colon. */
export function jsonObject(writers: readonly { readonly key: string; readonly write: Writer }[], row: number): string {
  let text = '{'
  for (const { key, write } of writers) {
    const value = write(row)
    if (value !== '') text += text === '{' ? key + value : `,${key}${value}`
  }
  return `${text}}`
}
