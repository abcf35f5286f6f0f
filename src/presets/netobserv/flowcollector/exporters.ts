import { durationText, reads, type Assembly, type Branch, type Settings } from '../branch.ts'
import { ipfixSink } from '../sinks/ipfix.ts'
import { kafkaSink } from '../sinks/kafka.ts'
import { otlpLogsSink, otlpMetricsSink } from '../sinks/otlp.ts'
import type { Mounts } from './secrets.ts'
import type { Exporter } from './shape.ts'

type Exported = Readonly<{
  records: Branch
  flows: Branch
  /** Settings of sinks of `flows` that make metrics. */
  metrics: Settings
}>

export function exportTo(
  { type = 'Kafka', ...exporter }: Exporter,
  index: number,
  exported: Exported,
  mounts: Mounts,
  assembly: Assembly,
): void {
  const at = `spec.exporters[${index}]`
  const { records: branch } = exported
  switch (type) {
    case 'Kafka': {
      const { address, topic, tls, sasl } = exporter.kafka ?? {}
      const settings = {
        address,
        topic,
        tls: mounts.tls(`${at}.kafka.tls`, tls),
        sasl: mounts.sasl(`${at}.kafka.sasl`, sasl),
      }
      return kafkaSink(`kafka-export-${index}`, branch, settings, `${at}.kafka`, assembly)
    }
    case 'IPFIX': {
      const { targetHost, targetPort = 4739, transport = 'TCP', enterpriseID = 2 } = exporter.ipfix ?? {}
      const settings = {
        targetHost,
        targetPort,
        transport: transport === 'UDP' ? ('udp' as const) : ('tcp' as const),
        enterpriseId: enterpriseID,
      }
      return ipfixSink(`ipfix-export-${index}`, branch, settings, `${at}.ipfix`, assembly)
    }
    case 'OpenTelemetry':
      return openTelemetry(exporter.openTelemetry ?? {}, index, exported, mounts, assembly)
  }
}

function openTelemetry(
  given: NonNullable<Exporter['openTelemetry']>,
  index: number,
  { records, flows, metrics }: Exported,
  mounts: Mounts,
  assembly: Assembly,
) {
  const at = `spec.exporters[${index}].openTelemetry`
  const { targetHost, targetPort = 4317, protocol = 'grpc', headers, fieldsMapping = [] } = given
  const tls = mounts.tls(`${at}.tls`, given.tls)
  const connection = { address: targetHost, port: targetPort, connectionType: protocol, tls, headers }
  const renamed = Object.fromEntries(fieldsMapping.map(({ input = '', output = '' }) => [input, output]))
  if (given.logs?.enable !== false)
    otlpLogsSink(`otel-export-${index}-logs`, { ...records, renamed }, connection, at, assembly)
  if (given.metrics?.enable === false) return
  const pushTimeInterval = given.metrics?.pushTimeInterval ?? 20_000
  const id = otlpMetricsSink(`otel-export-${index}-metrics`, flows, { ...connection, pushTimeInterval }, at, assembly)
  assembly.sinks[id] = { ...assembly.sinks[id], ...metrics, prefix: 'netobserv_' }
}

export function prometheusExport(
  listen: string,
  branch: Branch,
  metrics: Settings,
  tls: Settings,
  assembly: Assembly,
): void {
  assembly.sinks['prometheus'] = {
    type: 'prometheus',
    listen,
    ...tls,
    ...metrics,
    prefix: 'netobserv_',
    expiry: durationText(120_000),
    ...reads(branch),
  }
}
