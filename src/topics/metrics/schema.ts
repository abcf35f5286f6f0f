/** Rows and results of queries of metrics. Series are {@link Series}, and their names {@link LabelSet}. */
import { Object as ObjectOf, String as Text } from 'typebox'
import type { Of } from '../schema.ts'

export const Metric = ObjectOf({
  name: Text(),
  type: Text({ description: 'counter, gauge, histogram, summary or unknown.' }),
  help: Text(),
  unit: Text(),
})
export type Metric = Of<typeof Metric>

/** `us`: the time, µs. `data` is {@link PointData} as JSON. */
export type PointRow = Readonly<{ us: number | string; data: unknown }>

/** The fields that points of a name have with these labels, which are JSON. */
export type LabelsRow = Readonly<{ subject: string; labels: string | null; fields: readonly string[] }>

export type MetadataRow = Readonly<{ subject: string; kind: string; unit: string; help: string }>

/** `bucket`; `label_NAME` for each label, and `value_N` for each metric. */
export type SumRow = Readonly<Record<string, string | number | null>>
