import type { FlowBatch } from '../../model/batches.ts'
import type { FlowFieldName } from '../../model/fields.ts'

export type View = Readonly<{
  count: number
  rows: Uint32Array
  /** By flattened field: the element in the batch's list, or -1. For JSON: the number of the element. */
  items: ReadonlyMap<FlowFieldName, Int32Array>
}>

const none: ReadonlyMap<FlowFieldName, Int32Array> = new Map()

export function plainView(rows: Uint32Array): View {
  return { count: rows.length, rows, items: none }
}

/** Lists of these fields belong together, element by element. */
const parallel: ReadonlySet<FlowFieldName> = new Set<FlowFieldName>(['interfaces', 'if_directions', 'udns'])

type Dimension = Readonly<{
  fields: readonly Readonly<{ field: FlowFieldName; offsets: Uint32Array | undefined }>[]
  length: (row: number) => number
}>

/** Parallel lists together, others in every combination. A row without elements is one position. */
export function flattenedView(
  batch: FlowBatch,
  rows: Uint32Array,
  fields: readonly FlowFieldName[],
  elements: (field: FlowFieldName, row: number) => number,
): View {
  const groups = [
    fields.filter((field) => parallel.has(field)),
    ...fields.filter((f) => !parallel.has(f)).map((f) => [f]),
  ]
  const dimensions = groups.filter((group) => group.length > 0).map((group) => dimensionOf(batch, group, elements))
  const chosen: number[] = []
  const items = new Map<FlowFieldName, number[]>(fields.map((field) => [field, []]))
  const at = dimensions.map(() => 0)
  for (const row of rows) {
    const lengths = dimensions.map(({ length }) => Math.max(1, length(row)))
    at.fill(0)
    for (;;) {
      chosen.push(row)
      dimensions.forEach((dimension, d) => {
        for (const { field, offsets } of dimension.fields)
          items.get(field)?.push(itemOf(dimension, offsets, row, at[d]!))
      })
      let d = 0
      while (d < at.length && ++at[d]! >= lengths[d]!) at[d++] = 0
      if (d === at.length) break
    }
  }
  return {
    count: chosen.length,
    rows: Uint32Array.from(chosen),
    items: new Map([...items].map(([field, list]) => [field, Int32Array.from(list)])),
  }
}

function dimensionOf(
  batch: FlowBatch,
  group: readonly FlowFieldName[],
  elements: (field: FlowFieldName, row: number) => number,
): Dimension {
  const fields = group.map((field) => {
    const column = batch.columns[field]
    return { field, offsets: column !== undefined && 'offsets' in column ? column.offsets : undefined }
  })
  const [only] = group
  const isJson = only !== undefined && batch.columns[only]?.kind === 'json'
  const length = (row: number) => {
    if (isJson) return elements(only, row)
    let longest = 0
    for (const { offsets } of fields)
      if (offsets !== undefined) longest = Math.max(longest, offsets[row + 1]! - offsets[row]!)
    return longest
  }
  return { fields, length }
}

function itemOf(dimension: Dimension, offsets: Uint32Array | undefined, row: number, at: number) {
  if (offsets === undefined) return at < dimension.length(row) ? at : -1
  const item = offsets[row]! + at
  return item < offsets[row + 1]! ? item : -1
}
