/** Columns of flows from values, for fields that a transform sets. */
import { setterOf } from '../netobserv-json/setters.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import { flowField, resolveFieldName } from '../../model/fields.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'

/** False if the value does not fit the field. Undefined and null: absent. */
type Put = (row: number, value: unknown) => boolean

interface Puts {
  /** Undefined for a name that is no field. */
  to(name: string): Put | undefined
  /** An object for the column `extra`. */
  extra(row: number, members: Readonly<Record<string, unknown>>): void
  done(): FlowBatch
}

export function putFields(rows: number): Puts {
  const flows = new FlowBuilder(Math.max(1, rows))
  flows.reserve(rows)
  const extra = flows.column('extra')
  return {
    to(name) {
      const field = flowField(resolveFieldName(name) ?? '')
      if (field === undefined || field.name === 'extra') return undefined
      if (field.kind === 'time') {
        const column = flows.column(field.name as 'time_start')
        return (row, value) => {
          if (value === undefined || value === null) return true
          const time = timeOf(value)
          if (Number.isNaN(time)) return false
          column.items[row] = time
          column.mark(row)
          return true
        }
      }
      const set = setterOf(field, flows)
      return (row, value) => value === undefined || value === null || set(row, plain(value))
    },
    extra(row, members) {
      extra.items[row] = flows.code(jsonText(members))
      extra.mark(row)
    },
    done() {
      flows.commit(rows)
      return flows.batch()
    },
  }
}

function timeOf(value: unknown) {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  return typeof value === 'string' ? Date.parse(value) : Number.NaN
}

/** Whole numbers of expressions are bigint. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof Date) return value.getTime()
  return Array.isArray(value) ? value.map(plain) : value
}

const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

/** JSON of a value of an expression: exact whole numbers, times as ISO 8601. */
export function jsonText(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'bigint'
        ? rawJSON(String(inner))
        : inner instanceof Map
          ? Object.fromEntries(inner as Map<string, unknown>)
          : inner,
    ) ?? 'null'
  )
}

/** Adds the columns of `more`, which has the same rows; equal names are replaced. */
export function withColumns(batch: FlowBatch, more: FlowBatch): FlowBatch {
  const shift = batch.dictionary.length - 1
  const moved = (codes: Uint32Array): Uint32Array => codes.map((code) => (code === 0 ? 0 : code + shift))
  const columns: Record<string, Column> = { ...batch.columns }
  for (const [name, column] of Object.entries(more.columns))
    columns[name] =
      'codes' in column
        ? { ...column, codes: moved(column.codes) }
        : column.kind === 'list<dict>'
          ? { ...column, items: moved(column.items) }
          : column
  return { ...batch, dictionary: [...batch.dictionary, ...more.dictionary.slice(1)], columns }
}
