/** Responses of the query API of Prometheus, as its documentation describes them. */
export type PrometheusResult<Data> = Readonly<{ data: Data; warnings?: readonly string[] }>

/** By metric. */
export type PrometheusMetadata = Readonly<
  Record<string, readonly Readonly<{ type: string; help: string; unit: string }>[]>
>

export type PrometheusMatrix = Readonly<{
  result: readonly Readonly<{
    metric: Readonly<Record<string, string>>
    values: readonly (readonly [seconds: number, value: string])[]
  }>[]
}>

type LabelledSample = Readonly<{
  metric: Readonly<Record<string, string>>
  value: readonly [seconds: number, value: string]
}>

/** At one time: samples of series, or a number without labels. */
export type PrometheusInstant = Readonly<{ result: readonly LabelledSample[] | LabelledSample['value'] }>

/** Lines of Loki by label set, or numbers if `resultType` is `matrix`. */
export type LokiLines = Readonly<{
  data: Readonly<{
    resultType: string
    result: readonly Readonly<{
      stream?: Readonly<Record<string, string>>
      values: readonly (readonly [ns: string, line: string])[]
    }>[]
  }>
}>
