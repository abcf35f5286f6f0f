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
