import type { Expression, FilterKind, QueryField } from '../query/index.ts'
import type { StatisticName } from '../query/statistics.ts'
import type { Condition } from './condition.ts'

export const noDataPolicies = ['keep', 'alert', 'ok'] as const
export const severities = ['info', 'warning', 'critical'] as const

/** Settings that all rules have; times in ms. */
type Common = Readonly<{
  name: string
  every: number
  for: number
  /** Interval of repetitions while firing; 0: none. */
  resend: number
  /** True if repetitions are for Alertmanager only. */
  refresh?: true
  noData: (typeof noDataPolicies)[number]
  severity: (typeof severities)[number]
  /** Labels as templates; their placeholders are valid. */
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** The condition as the user wrote it; empty: each row of a statement is an alert. */
  conditionText: string
}>

export type Aggregate =
  | { readonly is: 'bytes' | 'packets' | 'count' }
  | Readonly<{ is: 'stat'; stat: StatisticName; of: QueryField | readonly string[] }>

export type FilterRule = Common &
  Readonly<{
    is: 'filter'
    view: FilterKind
    /** The filter as the user wrote it, for links. */
    filterText: string
    filter: Expression
    measure: string
    aggregate: Aggregate
    /** The value is divided by the seconds of the window. */
    perSecond: boolean
    unit: string
    by: readonly QueryField[]
    window: number
    condition: Condition
  }>

export type SqlRule = Common &
  Readonly<{
    is: 'sql'
    sql: string
    condition?: Condition
  }>

export type AlertRule = FilterRule | SqlRule

/** Form of the name of a rule. */
export const nameShape = /^[a-zA-Z0-9][\w.-]{0,99}$/
export const nameHint = 'use letters, digits, `_`, `.` and `-`'

export const maxRules = 100
/** Maximum number of alerts of one rule that are pending or firing at once. */
export const maxInstances = 200
export const maxLabel = 300
