export const textType = 'text/plain; version=0.0.4; charset=utf-8'
export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** OpenMetrics only for clients that prefer it. */
export function formatOf(accept: string | undefined): 'prometheus' | 'openmetrics' {
  const weights = (accept ?? '').split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    return { type, weight: weight === undefined ? 1 : Number(weight) }
  })
  const of = (...types: string[]) =>
    Math.max(0, ...weights.filter(({ type }) => types.includes(type)).map(({ weight }) => weight))
  return of('application/openmetrics-text') > of('text/plain', 'text/*') ? 'openmetrics' : 'prometheus'
}
