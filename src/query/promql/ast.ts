import type { Aggregator, Grouping } from '../metrics/aggregate.ts'
import type { Matching, Operator } from '../metrics/binary.ts'
import type { Matcher } from '../metrics/matchers.ts'

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

/** Shifts of the evaluation time, in ms. */
export type Shift = Readonly<{ offset: number; at?: number | 'start' | 'end' }>

export type Selector = Readonly<{ is: 'selector'; matchers: readonly Matcher[] } & Shift>
export type RangeSelector = Readonly<{ is: 'range'; selector: Selector; range: number }>
export type Subquery = Readonly<{ is: 'subquery'; of: Node; range: number; step: number | undefined } & Shift>
/** `places`: line and column of each parameter. */
export type Call = Readonly<{
  is: 'call'
  name: string
  place: string
  parameters: readonly Node[]
  /** Labels of the parameters. */
  places: readonly string[]
}>

export type Node =
  | Selector
  | RangeSelector
  | Subquery
  | Call
  | Readonly<{ is: 'number'; value: number }>
  | Readonly<{ is: 'string'; value: string }>
  | Readonly<{ is: 'negative'; of: Node }>
  | Readonly<{ is: 'group'; of: Node }>
  | Readonly<{ is: 'aggregate'; aggregator: Aggregator; grouping: Grouping; parameter?: Node; place: string; of: Node }>
  | Readonly<{ is: 'binary'; operator: Operator; left: Node; right: Node; bool: boolean; matching: Matching }>

export type Aggregate = Extract<Node, { is: 'aggregate' }>
export type Binary = Extract<Node, { is: 'binary' }>
