import { durationText, hostPortText, reads, type Assembly, type Branch, type Settings } from '../branch.ts'
import type { Encode, Metric, MetricsSettings } from '../flp-file.ts'
import type { Report } from '../report.ts'

/** Of flowlogs-pipeline. */
const defaultPort = 9090

export function metricsAddress({
  address = '',
  port = 0,
}: {
  readonly address?: string | undefined
  readonly port?: number | undefined
}): string {
  return hostPortText(address === '' ? '0.0.0.0' : address, port === 0 ? defaultPort : port)
}

export function prometheusSink(
  name: string,
  branch: Branch,
  settings: NonNullable<Encode['prom']>,
  global: MetricsSettings,
  path: string,
  assembly: Assembly,
): void {
  const { address, port, tls, metrics = [], prefix = '', expiryTime, maxMetrics = 0 } = settings
  const place = address === undefined && port === undefined ? global : settings
  const { certPath = '', keyPath = '' } = tls ?? place.tls ?? {}
  assembly.sinks[assembly.id(name)] = {
    type: 'prometheus',
    listen: metricsAddress(place),
    ...(certPath === '' ? {} : { tls: { cert_file: certPath, key_file: keyPath } }),
    ...definitions(metrics, `${path}.metrics`, assembly.report),
    prefix,
    ...(expiryTime === undefined ? {} : { expiry: durationText(expiryTime) }),
    ...(maxMetrics === 0 ? {} : { max_series: maxMetrics }),
    ...reads(branch),
  }
}

/** Settings `include` and `custom`. */
export function definitions(metrics: readonly Metric[], path: string, report: Report): Settings {
  const custom = metrics.flatMap((metric, index) => {
    const at = `${path}[${index}]`
    const { name = '', type = 'counter', help = '', filters = [], valueKey = '', valueScale = 0 } = metric
    if (type === 'agg_histogram') {
      report.refuse(at, 'agg_histogram needs a stage of type aggregates; use a histogram of the flows')
      return []
    }
    if (filters.some(({ value }) => /\$\([^)]+\)/.test(String(value ?? '')))) {
      report.refuse(`${at}.filters`, '`$(Field)` is not supported in filters of metrics')
      return []
    }
    if (valueScale !== 0 && !Number.isSafeInteger(valueScale)) {
      report.refuse(`${at}.valueScale`, 'only whole numbers divide values')
      return []
    }
    return [
      {
        name,
        type,
        ...(help === '' ? {} : { help }),
        ...(valueKey === '' ? {} : { value: valueKey }),
        ...(valueScale > 1 ? { divide: valueScale } : {}),
        ...(filters.length === 0 ? {} : { filters: filters.map(filterOf) }),
        ...some('labels', metric.labels),
        ...(Object.keys(metric.remap ?? {}).length === 0 ? {} : { remap: metric.remap }),
        ...some('flatten', metric.flatten),
        ...some('buckets', metric.buckets?.map(String)),
      },
    ]
  })
  return { include: [], custom }
}

function filterOf({ key = '', value, type = 'equal' }: NonNullable<Metric['filters']>[number]): Settings {
  return {
    field: key,
    type,
    ...(value === undefined || type === 'presence' || type === 'absence' ? {} : { value: String(value) }),
  }
}

function some(name: string, items: readonly string[] | undefined): Settings {
  return items === undefined || items.length === 0 ? {} : { [name]: items }
}
