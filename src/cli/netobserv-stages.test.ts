import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { temporaryFolder, weir } from './testing/command.ts'

interface Stage {
  readonly name: string
  readonly follows?: string
  readonly is: object
}

const stages: readonly Stage[] = [
  {
    name: 'ingest',
    is: {
      ingest: {
        type: 'kafka',
        kafka: { brokers: ['kafka:9092'], topic: 'network-flows', groupid: 'flp', decoder: { type: 'protobuf' } },
      },
    },
  },
  {
    name: 'enrich',
    follows: 'ingest',
    is: {
      transform: {
        type: 'network',
        network: {
          rules: [
            { type: 'add_kubernetes', kubernetes: { ipField: 'SrcAddr', output: 'SrcK8S', add_zone: true } },
            { type: 'add_kubernetes_infra', kubernetes_infra: { infra_prefixes: ['openshift'] } },
            { type: 'decode_tcp_flags', decode_tcp_flags: { input: 'Flags', output: 'Flags' } },
            { type: 'add_subnet_label', add_subnet_label: { input: 'SrcAddr', output: 'SrcSubnetLabel' } },
            { type: 'add_service', add_service: { input: 'DstPort', output: 'service', protocol: 'Proto' } },
            { type: 'add_subnet', add_subnet: { input: 'SrcAddr', output: 'SrcSubnet', subnet_mask: '/24' } },
            { type: 'decode_tcp_flags', decode_tcp_flags: { input: 'Flags', output: 'FlagNames' } },
          ],
          subnetLabels: [{ name: 'dc', cidrs: ['10.1.0.0/16'] }],
        },
      },
    },
  },
  {
    name: 'filters',
    follows: 'enrich',
    is: {
      transform: {
        type: 'filter',
        filter: {
          samplingField: 'Sampling',
          rules: [
            { type: 'keep_entry_query', keepEntryQuery: 'Flags =~ "SYN" or Proto = 17', keepEntrySampling: 10 },
            { type: 'keep_entry_query', keepEntryQuery: 'with(DnsId)' },
            { type: 'add_field', addField: { input: 'SrcK8S_Type', value: 'VM' } },
            { type: 'add_field', addField: { input: 'site', value: 'edge "1"' } },
            { type: 'add_field_if_doesnt_exist', addFieldIfDoesntExist: { input: 'DstK8S_Type', value: 'VM' } },
            { type: 'remove_field', removeField: { input: 'SrcMac' } },
            { type: 'add_field_if', addFieldIf: { input: 'service', output: 'tier', parameters: '=~ "^http"' } },
            { type: 'add_regex_if', addRegexIf: { input: 'SrcAddr', output: 'Ten', parameters: '^10\\.' } },
            { type: 'add_label', addLabel: { input: 'a', value: 'b' } },
            { type: 'add_label_if', addLabelIf: { input: 'Bytes', output: 'c', parameters: '> 5', assignee: 'd' } },
          ],
        },
      },
    },
  },
  {
    name: 'dedup',
    follows: 'filters',
    is: {
      transform: {
        type: 'filter',
        filter: {
          rules: [
            {
              type: 'conditional_sampling',
              conditionalSampling: [
                { value: 50, rules: [{ type: 'remove_entry_if_exists', removeEntry: { input: 'DstK8S_OwnerName' } }] },
              ],
            },
          ],
        },
      },
    },
  },
  {
    name: 'loki',
    follows: 'dedup',
    is: { write: { type: 'loki', loki: { url: 'http://loki:3100/', labels: ['FlowDirection'], minBackoff: '1s' } } },
  },
  {
    name: 'prom',
    follows: 'dedup',
    is: {
      encode: {
        type: 'prom',
        prom: {
          prefix: 'netobserv_',
          expiryTime: '2m',
          maxMetrics: 1000,
          metrics: [
            { name: 'flows_total', type: 'counter', filters: [{ key: 'FlowDirection', value: 1, type: 'not_equal' }] },
            { name: 'rtt_seconds', type: 'histogram', valueKey: 'TimeFlowRttNs', valueScale: 1e9, buckets: [0.005, 1] },
            { name: 'services_total', type: 'counter', valueKey: 'Bytes', labels: ['service'] },
            { name: 'sampling', type: 'gauge', valueKey: 'Sampling', labels: ['SrcK8S_HostName'] },
          ],
        },
      },
    },
  },
  {
    name: 'kafka-export',
    follows: 'dedup',
    is: { encode: { type: 'kafka', kafka: { address: 'kafka:9092', topic: 'flows-export', compression: 'snappy' } } },
  },
  {
    name: 'ipfix-export',
    follows: 'dedup',
    is: { write: { type: 'ipfix', ipfix: { targetHost: 'collector', targetPort: 4739, tplSendInterval: '1m' } } },
  },
  {
    name: 'scaled',
    follows: 'dedup',
    is: {
      transform: {
        type: 'generic',
        generic: {
          policy: 'replace_keys',
          rules: [
            { input: 'Bytes', output: 'Bytes', multiplier: 50 },
            { input: 'service', output: 'svc' },
            { input: 'DstPort', output: 'port' },
          ],
        },
      },
    },
  },
  { name: 'lines', follows: 'scaled', is: { write: { type: 'stdout', stdout: { format: 'json' } } } },
  {
    name: 'sums',
    follows: 'dedup',
    is: {
      extract: {
        type: 'aggregates',
        aggregates: { rules: [{ name: 'a', groupByKeys: ['Proto'], operationType: 'sum', operationKey: 'Bytes' }] },
      },
    },
  },
  { name: 'sum-lines', follows: 'sums', is: { write: { type: 'stdout' } } },
  {
    name: 'last',
    follows: 'dedup',
    is: {
      extract: {
        type: 'timebased',
        timebased: {
          rules: [
            { name: 'l', indexKeys: ['SrcAddr'], operationType: 'last', operationKey: 'Bytes', timeInterval: '10s' },
          ],
        },
      },
    },
  },
  { name: 'last-lines', follows: 'last', is: { write: { type: 'stdout' } } },
  {
    name: 'otel-transform',
    follows: 'dedup',
    is: { transform: { type: 'generic', generic: { rules: [{ input: 'SrcAddr', output: 'client.address' }] } } },
  },
  {
    name: 'otel-logs',
    follows: 'otel-transform',
    is: { encode: { type: 'otlplogs', otlplogs: { address: 'otel', port: 4317, connectionType: 'grpc' } } },
  },
  {
    name: 'otel-metrics',
    follows: 'otel-transform',
    is: {
      encode: {
        type: 'otlpmetrics',
        otlpmetrics: {
          address: 'otel',
          port: 4318,
          connectionType: 'http',
          pushTimeInterval: '20s',
          metrics: [{ name: 'flows_total', type: 'counter' }],
        },
      },
    },
  },
]

const collector = (deploymentModel: string): object => ({
  apiVersion: 'flows.netobserv.io/v1beta2',
  kind: 'FlowCollector',
  metadata: { name: 'cluster' },
  spec: {
    deploymentModel,
    kafka: { address: 'kafka:9092', topic: 'network-flows' },
    loki: { mode: 'Monolithic', monolithic: { url: 'http://loki:3100/' } },
    processor: {
      addZone: true,
      multiClusterDeployment: true,
      clusterName: 'west',
      deduper: { mode: 'Sample' },
      filters: [{ query: 'SrcK8S_Namespace="shop"' }, { query: 'Proto = 6', outputTarget: 'Loki', sampling: 4 }],
      metrics: { includeList: ['node_ingress_bytes_total', 'namespace_dns_latency_seconds'] },
    },
    exporters: [
      { type: 'Kafka', kafka: { address: 'kafka:9092', topic: 'flows-export' } },
      { type: 'IPFIX', ipfix: { targetHost: 'collector' } },
      { type: 'OpenTelemetry', openTelemetry: { targetHost: 'otel' } },
    ],
    consolePlugin: { quickFilters: [{ name: 'Apps', filter: { flow_layer: '"app"' } }] },
  },
})

test.each<[string, string, object]>([
  [
    'a pipeline with every stage',
    '--config',
    {
      pipeline: stages.map(({ name, follows }) => ({ name, ...(follows === undefined ? {} : { follows }) })),
      parameters: stages.map(({ name, is }) => ({ name, ...is })),
    },
  ],
  ['a FlowCollector with agents over gRPC', '--flowcollector', collector('Direct')],
  ['a FlowCollector with agents over Kafka', '--flowcollector', collector('Kafka')],
])('%s becomes a valid configuration', async (_, flag, content) => {
  const folder = await temporaryFolder()
  const [file, kubeconfig, made] = ['given.yaml', 'kubeconfig', 'made.yaml'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const env = { KUBECONFIG: kubeconfig, WEIR_DATA: '' }
  await writeFile(file, stringify(content))
  await writeFile(kubeconfig, '')
  // A start writes it.
  await writeFile(join(folder, 'netobserv-networks.yaml'), 'networks: []\n')
  const printed = await weir(['netobserv', flag, file, '--print-config', '--data', folder], { env })
  expect(printed.code, printed.err).toBe(0)
  await writeFile(made, printed.out)
  const { code, out, err } = await weir(['validate', '--config', made], { env })
  expect([code, err], out).toEqual([0, ''])
  for (const type of ['loki', 'kafka', 'ipfix', 'otlp', 'prometheus']) expect(printed.out).toContain(`type: ${type}\n`)
})
