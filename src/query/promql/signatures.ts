import type { ValueType } from './ast.ts'

export type FunctionSignature = Readonly<{
  parameters: readonly ValueType[]
  /** Number of parameters at the end that may be absent; `more`: the last one repeats. */
  optional?: number
  more?: true
  returns: ValueType
}>

const vector = (...parameters: readonly ValueType[]): FunctionSignature => ({ parameters, returns: 'vector' })
const ofVector = vector('vector')
const ofMatrix = vector('matrix')
const ofTime: FunctionSignature = { parameters: ['vector'], optional: 1, returns: 'vector' }

const ofEach = (names: string, signature: FunctionSignature): [string, FunctionSignature][] =>
  names.split(' ').map((name) => [name, signature])

export const functions: ReadonlyMap<string, FunctionSignature> = new Map<string, FunctionSignature>([
  ...ofEach(
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sort ' +
      'sort_desc sqrt tan tanh timestamp',
    ofVector,
  ),
  ...ofEach(
    'absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time ' +
      'max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time',
    ofMatrix,
  ),
  ...ofEach('day_of_month day_of_week day_of_year days_in_month hour minute month year', ofTime),
  ['clamp', vector('vector', 'scalar', 'scalar')],
  ['clamp_max', vector('vector', 'scalar')],
  ['clamp_min', vector('vector', 'scalar')],
  ['histogram_fraction', vector('scalar', 'scalar', 'vector')],
  ['histogram_quantile', vector('scalar', 'vector')],
  ['label_join', { parameters: ['vector', 'string', 'string', 'string'], optional: 1, more: true, returns: 'vector' }],
  ['label_replace', vector('vector', 'string', 'string', 'string', 'string')],
  ['pi', { parameters: [], returns: 'scalar' }],
  ['predict_linear', vector('matrix', 'scalar')],
  ['quantile_over_time', vector('scalar', 'matrix')],
  ['round', { parameters: ['vector', 'scalar'], optional: 1, returns: 'vector' }],
  ['scalar', { parameters: ['vector'], returns: 'scalar' }],
  ['time', { parameters: [], returns: 'scalar' }],
  ['vector', vector('scalar')],
])

/** They read native histograms only, which no source stores. */
export const nativeFunctions: ReadonlySet<string> = new Set(
  'histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum'.split(' '),
)

/** Experimental functions and aggregations of Prometheus 3. */
export const otherFunctions: ReadonlySet<string> = new Set(
  (
    'double_exponential_smoothing first_over_time histogram_quantiles info mad_over_time max_of min_of ' +
    'sort_by_label sort_by_label_desc ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ' +
    'ts_of_min_over_time start_timestamp integral holt_winters start end range step limitk limit_ratio'
  ).split(' '),
)
