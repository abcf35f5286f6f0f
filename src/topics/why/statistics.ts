/** Statistics of a field of flows that can be explained. */
export const statistics = ['avg', 'min', 'max', 'sum', 'p50', 'p90', 'p95', 'p99'] as const
