import type { RE2JS } from 're2js'
import type { Aggregator, Grouping } from '../metrics/aggregate.ts'
import type { Matching, Operator } from '../metrics/binary.ts'
import type { LabelReplace } from '../metrics/label-replace.ts'
import type { Matcher } from '../metrics/matchers.ts'
import type { LinePattern } from './line-pattern.ts'
import type { Template } from './template.ts'

export type Unit = 'number' | 'duration' | 'bytes'

export type LabelFilter =
  | Readonly<{ is: 'match'; matcher: Matcher }>
  | Readonly<{ is: 'compare'; name: string; operator: Operator; value: number; unit: Unit }>
  | Readonly<{ is: 'ip'; name: string; negative: boolean; contains: (address: string) => boolean }>
  | Readonly<{ is: 'and'; left: LabelFilter; right: LabelFilter }>
  | Readonly<{ is: 'or'; left: LabelFilter; right: LabelFilter }>

/** A path in JSON, such as `a.b[0]["c"]`. */
export type JsonPath = readonly (string | number)[]

export type LabelFormat = Readonly<{ target: string; from: string | Template }>

export type Stage =
  | Readonly<{ is: 'line'; test: (line: string) => boolean }>
  | Readonly<{ is: 'json'; paths: readonly (readonly [label: string, path: JsonPath])[] }>
  | Readonly<{
      is: 'logfmt'
      /** An error ends the line. */
      strict: boolean
      keepEmpty: boolean
      keys: readonly (readonly [label: string, key: string])[]
    }>
  | Readonly<{ is: 'regexp'; regex: RE2JS }>
  | Readonly<{ is: 'pattern'; pattern: LinePattern }>
  | Readonly<{ is: 'unpack' | 'decolorize' }>
  | Readonly<{ is: 'line_format'; template: Template }>
  | Readonly<{ is: 'label_format'; formats: readonly LabelFormat[] }>
  | Readonly<{ is: 'filter'; filter: LabelFilter }>
  | Readonly<{ is: 'drop' | 'keep'; names: ReadonlySet<string>; matchers: readonly Matcher[] }>
  | Readonly<{ is: 'unwrap'; name: string; conversion: Unit }>

export type LogQuery = Readonly<{ is: 'logs'; matchers: readonly Matcher[]; stages: readonly Stage[] }>

export type MetricNode =
  | Readonly<{ is: 'number'; value: number }>
  | Readonly<{ is: 'vector'; value: number }>
  | Readonly<{
      is: 'range'
      name: string
      logs: LogQuery
      range: number
      offset: number
      grouping: Grouping | undefined
      parameter: number | undefined
    }>
  | Readonly<{
      is: 'aggregate'
      aggregator: Aggregator
      grouping: Grouping
      parameter: number
      /** Not for a time range. */
      instant: boolean
      of: MetricNode
    }>
  | Readonly<{ is: 'replace'; replace: LabelReplace; of: MetricNode }>
  | Readonly<{ is: 'sort'; descending: boolean; of: MetricNode }>
  | Readonly<{
      is: 'binary'
      operator: Operator
      left: MetricNode
      right: MetricNode
      bool: boolean
      matching: Matching
    }>

export type LogqlNode = LogQuery | MetricNode
