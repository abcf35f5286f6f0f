import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { PrometheusMatrix, PrometheusMetadata, PrometheusResult } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { fixedMoment, type Range } from '../../state/range.ts'
import { serverNow } from '../../state/server-time.ts'
import { typeInName, unitInName } from './expression.ts'

export type MetricRow = Readonly<{ name: string; type: string; unit: string; help: string }>
export type MetricLine = Readonly<{
  labels: Readonly<Record<string, string>>
  values: readonly (readonly [seconds: number, value: number])[]
}>
/** Unix seconds. */
export type Span = Readonly<{ start: number; end: number; step: number }>
export type MetricLines = Readonly<{ span: Span; lines: readonly MetricLine[]; warnings: readonly string[] }>

const base = '/prometheus/api/v1'
const [leastStep, points] = [15, 240]

/** Steps are multiples of 15 seconds, so that moving ranges have the same ones. */
export function spanOf({ from, to }: Range, now = serverNow()): Span {
  const [start, end] = [from, to].map((moment) => Date.parse(fixedMoment(moment, now)) / 1000) as [number, number]
  const step = Math.max(leastStep, Math.ceil((end - start) / points / leastStep) * leastStep)
  return { start: Math.floor(start / step) * step, end: Math.max(start, Math.floor(end / step) * step), step }
}

/** All metrics of the time range, in order of their names. */
export function useMetrics(
  t: Range,
  revision: number,
  { enabled = true }: Readonly<{ enabled?: boolean }> = {},
): UseQueryResult<readonly MetricRow[]> {
  return useQuery({
    queryKey: ['metrics', 'names', t, revision],
    enabled,
    staleTime: 10_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<readonly MetricRow[]> => {
      const { start, end } = spanOf(t)
      const [names, described] = await Promise.all([
        request<PrometheusResult<readonly string[]>>(`${base}/label/__name__/values`, {
          signal,
          query: { start, end },
        }),
        request<PrometheusResult<PrometheusMetadata>>(`${base}/metadata`, { signal }),
      ])
      return names.data.map((name) => {
        const { type = '', unit = '', help = '' } = (described.data[name] ?? described.data[familyOf(name)])?.[0] ?? {}
        const known = type === 'unknown' ? '' : type
        return { name, type: known || typeInName(name), unit: unit || unitInName(name), help }
      })
    },
  })
}

/** Series of a histogram have its name with an ending. */
function familyOf(name: string) {
  return name.replace(/_(bucket|sum|count)$/, '')
}

export function useLabels(metric: string, t: Range): readonly string[] {
  const { data } = useQuery({
    queryKey: ['metrics', 'labels', metric, t],
    enabled: metric !== '',
    staleTime: 30_000,
    queryFn: ({ signal }) => {
      const { start, end } = spanOf(t)
      return request<PrometheusResult<readonly string[]>>(`${base}/labels`, {
        signal,
        query: { 'match[]': metric, start, end },
      })
    },
  })
  return data?.data.filter((name) => name !== '__name__' && name !== 'le') ?? []
}

/** `before`: seconds by which the range is earlier. */
export function useLines(expression: string, t: Range, revision: number, before = 0): UseQueryResult<MetricLines> {
  return useQuery({
    queryKey: ['metrics', 'lines', expression, t, revision, before],
    enabled: expression !== '',
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<MetricLines> => {
      const { start, end, step } = spanOf(t)
      const span = { start: start - before, end: end - before, step }
      const { data, warnings = [] } = await request<PrometheusResult<PrometheusMatrix>>(`${base}/query_range`, {
        signal,
        query: { query: expression, ...span },
      })
      const lines = data.result.map(({ metric, values }) => ({
        labels: metric,
        values: values.map(([at, value]) => [at, Number(value)] as const),
      }))
      return { span, lines, warnings }
    },
  })
}
