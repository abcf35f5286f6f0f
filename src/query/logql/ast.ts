import type { Aggregator, Grouping } from '../metrics/aggregate.ts'
import type { Matching, Operator } from '../metrics/binary.ts'
import type { Matcher } from '../metrics/matchers.ts'

export type LabelFilter =
  | Readonly<{ is: 'match'; matcher: Matcher }>
  | Readonly<{ is: 'compare'; name: string; operator: Operator; value: number; unit: 'number' | 'duration' | 'bytes' }>
  | Readonly<{ is: 'and'; left: LabelFilter; right: LabelFilter }>
  | Readonly<{ is: 'or'; left: LabelFilter; right: LabelFilter }>

export type Stage =
  | Readonly<{ is: 'line'; test: (line: string) => boolean }>
  | Readonly<{ is: 'json' | 'logfmt' }>
  | Readonly<{ is: 'filter'; filter: LabelFilter }>
  | Readonly<{ is: 'drop' | 'keep'; names: ReadonlySet<string> }>
  | Readonly<{ is: 'unwrap'; name: string; conversion: 'number' | 'duration' | 'bytes' }>

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
  | Readonly<{ is: 'aggregate'; aggregator: Aggregator; grouping: Grouping; parameter: number; of: MetricNode }>
  | Readonly<{
      is: 'binary'
      operator: Operator
      left: MetricNode
      right: MetricNode
      bool: boolean
      matching: Matching
    }>

export type LogqlNode = LogQuery | MetricNode
