import { durationText, hostPortText, reads, type Assembly, type Branch, type Settings } from '../branch.ts'
import type { Encode, Metric, MetricsSettings } from '../flp-file.ts'
import { metricOfFlows } from './aggregated.ts'
import type { Report } from '../report.ts'
import { fieldOf } from '../values.ts'

const defaultPort = 9090

export function metricsAddress({
  address = '',
  port = 0,
}: {
  address?: string | undefined
  port?: number | undefined
}): string {
  return hostPortText(address === '' ? '0.0.0.0' : address, port === 0 ? defaultPort : port)
}

type PrometheusEncoder = NonNullable<Encode['prom']>

/** An encoder without an address is on the server of the metrics of flowlogs-pipeline. */
export function onServer(settings: PrometheusEncoder, server: MetricsSettings): PrometheusEncoder {
  if (settings.address !== undefined || settings.port !== undefined) return settings
  return { ...settings, address: server.address, port: server.port, tls: settings.tls ?? server.tls }
}

export function prometheusSink(
  name: string,
  branch: Branch,
  settings: PrometheusEncoder,
  path: string,
  assembly: Assembly,
): void {
  const { tls = {}, metrics = [], prefix = '', expiryTime, maxMetrics = 0 } = settings
  const { certPath = '', keyPath = '' } = tls
  assembly.sinks[assembly.id(name)] = {
    type: 'prometheus',
    listen: metricsAddress(settings),
    ...(certPath === '' ? {} : { tls: { cert_file: certPath, key_file: keyPath } }),
    ...definitions(metrics, `${path}.metrics`, branch, assembly.report),
    prefix,
    ...(expiryTime === undefined ? {} : { expiry: durationText(expiryTime) }),
    ...(maxMetrics === 0 ? {} : { max_series: maxMetrics }),
    ...reads(branch.aggregated?.before ?? branch),
  }
}

/** Settings `include` and `custom`. Behind a stage of aggregates, metrics are those of the flows before it. */
export function definitions(metrics: readonly Metric[], path: string, branch: Branch, report: Report): Settings {
  const custom = metrics.flatMap((written, index) => {
    const at = `${path}[${index}]`
    const metric = branch.aggregated === undefined ? written : metricOfFlows(written, branch.aggregated, at, report)
    if (metric === undefined) return []
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
    if (valueKey !== '' && fieldOf(valueKey.split('>')[0] ?? '') === undefined) {
      report.refuse(`${at}.valueKey`, `\`${valueKey}\` is no field of a flow`)
      return []
    }
    const { labels = [] } = metric
    const remap = {
      ...Object.fromEntries(labels.filter((label) => keyOf(label) !== label).map((label) => [keyOf(label), label])),
      ...Object.fromEntries(Object.entries(metric.remap ?? {}).map(([key, label]) => [keyOf(key), label])),
    }
    return [
      {
        name,
        type,
        ...(help === '' ? {} : { help }),
        ...(valueKey === '' ? {} : { value: valueKey }),
        ...(valueScale > 1 ? { divide: valueScale } : {}),
        ...(filters.length === 0 ? {} : { filters: filters.map(filterOf) }),
        ...some('labels', labels.map(keyOf)),
        ...(Object.keys(remap).length === 0 ? {} : { remap }),
        ...some('flatten', metric.flatten),
        ...some('buckets', metric.buckets?.map(String)),
      },
    ]
  })
  return { include: [], custom }
}

/** Fields that stages added are members of `extra`. */
function keyOf(key: string) {
  return fieldOf(key.split('>')[0] ?? '') === undefined ? `extra>${key}` : key
}

function filterOf({ key = '', value, type = 'equal' }: NonNullable<Metric['filters']>[number]): Settings {
  return {
    field: keyOf(key),
    type,
    ...(value === undefined || type === 'presence' || type === 'absence' ? {} : { value: String(value) }),
  }
}

function some(name: string, items: readonly string[] | undefined): Settings {
  return items === undefined || items.length === 0 ? {} : { [name]: items }
}
