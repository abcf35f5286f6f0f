/** Statistics of a field of rows in alerts and in causes. */
export const statistics = ['avg', 'min', 'max', 'sum', 'p50', 'p90', 'p95', 'p99'] as const
export type StatisticName = (typeof statistics)[number]
