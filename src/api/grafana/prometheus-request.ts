import { syntaxError } from '../../query/metrics/failure.ts'
import type { QueryEnvironment, SeriesSource } from '../../query/promql/index.ts'
import type { GrafanaRequest } from './answer.ts'
import { metricSeries } from '../../topics/metrics/index.ts'

function sourceOf(request: GrafanaRequest): SeriesSource {
  return ({ matchers, from, to, resolution }) => metricSeries(request, matchers, { from, to }, resolution)
}

export function environmentOf(request: GrafanaRequest): QueryEnvironment {
  const lookback = request.parameters.step('lookback_delta')
  if (lookback !== undefined && lookback <= 0)
    throw syntaxError('invalid parameter "lookback_delta": the duration is not positive')
  return { ...request.environment, source: sourceOf(request), ...(lookback === undefined ? {} : { lookback }) }
}
