import { describe, expect, test } from 'vitest'
import { plan, problem, resource } from '../testing/flowcollector.ts'
import { flows, part } from '../testing/plan.ts'

const withoutLoki = { loki: { enable: false } }

/** Flows to Kafka without Loki, in the version and letters of 2023. */
const blog = `
apiVersion: flows.netobserv.io/v1beta1
kind: FlowCollector
metadata:
  name: cluster
spec:
  namespace: netobserv
  deploymentModel: DIRECT
  agent:
    type: EBPF
    ebpf:
      sampling: 50
  loki:
    enable: false
  exporters:
    - type: KAFKA
      kafka:
        address: "kafka-cluster-kafka-bootstrap.netobserv"
        topic: flows-export
`

test('the FlowCollector that exports flows to Kafka without Loki, in v1beta1', () => {
  expect(plan(blog)).toEqual({
    config: {
      data: '/data',
      ops: ['0.0.0.0:8081'],
      log: { format: 'json', level: 'info' },
      store: { enabled: 'none' },
      telemetry: { netobserv_prefix: 'netobserv_' },
      identity: { zones: false, infra_namespaces: ['netobserv', 'openshift'] },
      sources: {
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
        kubernetes: {
          cluster: 'default',
          include: ['Pod', 'Node', 'Service', 'ReplicaSet', 'Deployment'],
          events: false,
        },
        agents: { type: 'netobserv', listen: '0.0.0.0:2055' },
      },
      sinks: {
        prometheus: {
          type: 'prometheus',
          listen: '0.0.0.0:9401',
          include: ['default'],
          prefix: 'netobserv_',
          expiry: '2m',
          from: ['agents'],
          only: flows,
        },
        'kafka-export-0': {
          type: 'kafka',
          brokers: ['kafka-cluster-kafka-bootstrap.netobserv:9092'],
          topic: 'flows-export',
          codec: 'netobserv-json',
          mode: 'raw',
          tcp_flags: 'names',
          from: ['agents'],
          only: flows,
        },
      },
    },
    files: {},
    notes: ['spec.agent: without effect here; it configures the agents, which send to Weir'],
  })
})

test('with the deployment model Kafka, agents are read from the topic with the credentials of mounted secrets', () => {
  const made = plan(
    resource({
      ...withoutLoki,
      deploymentModel: 'Kafka',
      kafka: {
        address: 'kafka:9093',
        topic: 'network-flows',
        tls: {
          enable: true,
          caCert: { type: 'configmap', name: 'kafka-ca', certFile: 'ca.crt' },
          userCert: { type: 'secret', name: 'kafka-user', certFile: 'user.crt', certKey: 'user.key' },
        },
        sasl: {
          type: 'ScramSHA512',
          clientIDReference: { type: 'secret', name: 'kafka-sasl', file: 'username' },
          clientSecretReference: { type: 'secret', name: 'kafka-sasl', file: 'password' },
        },
      },
    }),
  )
  expect(part(made, 'sources')['agents']).toEqual({
    type: 'kafka',
    brokers: ['kafka:9093'],
    topics: ['network-flows'],
    group: 'flowlogs-pipeline',
    offset: 'oldest',
    codec: 'pbflow',
    tls: {
      ca_file: '/secrets/kafka-ca/ca.crt',
      cert_file: '/secrets/kafka-user/user.crt',
      key_file: '/secrets/kafka-user/user.key',
    },
    auth: {
      type: 'scram-sha-512',
      user: 'content of /secrets/kafka-sasl/username',
      password: 'file:/secrets/kafka-sasl/password',
    },
  })
  expect(made.notes).toContain(
    'spec.kafka.tls.caCert: mount key `ca.crt` of the config map `kafka-ca` at /secrets/kafka-ca/ca.crt',
  )
})

describe('Loki', () => {
  const loki = (settings: object, processor: object = {}): Readonly<Record<string, unknown>> | undefined =>
    part(plan(resource({ loki: settings, processor })), 'sinks')['loki']

  test('is on by default, with the labels and limits of the operator', () => {
    expect(loki({})).toEqual({
      type: 'loki',
      url: 'http://loki:3100',
      tenant: 'netobserv',
      labels: [
        'SrcK8S_Namespace',
        'SrcK8S_OwnerName',
        'SrcK8S_Type',
        'DstK8S_Namespace',
        'DstK8S_OwnerName',
        'DstK8S_Type',
        'K8S_FlowLayer',
        'FlowDirection',
      ],
      static_labels: { app: 'netobserv-flowcollector' },
      timestamp: 'time_end',
      request_bytes: '10485760B',
      tcp_flags: 'names',
      timeout: '10s',
      delivery: { wait: '1s', retry_initial: '1s', retry_max: '5s' },
      from: ['agents'],
      only: flows,
    })
    expect(part(plan(resource({})), 'sinks')['prometheus']).toMatchObject({ include: ['default-with-loki'] })
  })

  test.each<[string, object, object]>([
    [
      'LokiStack',
      { mode: 'LokiStack', lokiStack: { name: 'stack', namespace: 'logs' } },
      {
        url: 'https://stack-gateway-http.logs.svc.cluster.local:8080/api/logs/v1/network',
        tenant: 'network',
        auth: { type: 'bearer', token: 'file:/var/run/secrets/kubernetes.io/serviceaccount/token' },
        tls: { ca_file: '/secrets/stack-gateway-ca-bundle/service-ca.crt' },
      },
    ],
    ['Monolithic', { mode: 'MONOLITHIC', monolithic: { url: 'http://mono:3100/' } }, { url: 'http://mono:3100' }],
    [
      'Microservices',
      { mode: 'Microservices', microservices: { ingesterUrl: 'http://write:3100', tenantID: 't' } },
      { url: 'http://write:3100', tenant: 't' },
    ],
    [
      'Manual',
      {
        mode: 'Manual',
        manual: { ingesterUrl: 'https://l', authToken: 'Host', tls: { enable: true, insecureSkipVerify: true } },
      },
      { url: 'https://l', auth: { type: 'bearer' }, tls: { verify: false } },
    ],
    [
      'v1beta1',
      { url: 'http://old:3100', batchSize: 2048, maxBackoff: '9s' },
      { url: 'http://old:3100', request_bytes: '2048B', delivery: { retry_max: '9s' } },
    ],
  ])('in mode %s', (_, settings, expected) => {
    expect(loki(settings)).toMatchObject(expected)
  })

  test('has labels of zones and clusters with their options, without excluded ones', () => {
    const labels = loki(
      { advanced: { excludeLabels: ['SrcK8S_Type'] } },
      { addZone: true, multiClusterDeployment: true, clusterName: 'west' },
    )?.['labels']
    expect(labels).toEqual(expect.arrayContaining(['SrcK8S_Zone', 'DstK8S_Zone', 'K8S_ClusterName']))
    expect(labels).not.toContain('SrcK8S_Type')
  })
})

test('filters apply to all outputs, or to the one that they name', () => {
  const made = plan(
    resource({
      processor: {
        filters: [
          { query: 'SrcK8S_Namespace="shop"', sampling: 1 },
          { query: 'Proto = 6', outputTarget: 'Loki' },
          { query: 'Proto = 17', outputTarget: 'Exporters', sampling: 10 },
        ],
        deduper: { mode: 'Drop' },
      },
      exporters: [{ type: 'IPFIX', ipfix: { targetHost: 'collector', transport: 'UDP' } }],
    }),
  )
  const common =
    '(src_namespace = "shop") and (not exists(node_direction) or exists(node_direction) and node_direction != 1 or ' +
    'not exists(dst_owner_name))'
  expect(part(made, 'sinks')).toMatchObject({
    loki: { from: ['agents'], only: { filter: `${common} and (proto = 6)` } },
    prometheus: { from: ['agents'], only: { filter: common } },
    'ipfix-export-0': {
      target: 'collector:4739',
      transport: 'udp',
      enterprise_id: 2,
      from: ['filters-exporters'],
      only: flows,
    },
  })
  expect(part(made, 'transforms')).toEqual({
    'filters-exporters': {
      type: 'sample',
      from: ['agents'],
      only: { ...flows, filter: `${common} and (proto = 17)` },
      one_in: 10,
      adjust: true,
    },
  })
})

test('exporters of OpenTelemetry send logs and metrics', () => {
  const openTelemetry = {
    targetHost: 'otel',
    protocol: 'http',
    targetPort: 4318,
    headers: { 'x-site': 'edge' },
    fieldsMapping: [{ input: 'SrcAddr', output: 'client.address' }],
    metrics: { pushTimeInterval: '30s' },
  }
  const processor = { metrics: { includeList: ['node_flows_total'] } }
  const made = plan(resource({ ...withoutLoki, processor, exporters: [{ type: 'OpenTelemetry', openTelemetry }] }))
  expect(part(made, 'sinks')).toMatchObject({
    prometheus: { include: ['node_flows_total'] },
    'otel-export-0-logs': {
      url: 'http://otel:4318',
      signal: 'logs',
      headers: { 'x-site': 'edge' },
      fields_mapping: { SrcAddr: 'client.address' },
    },
    'otel-export-0-metrics': {
      signal: 'metrics',
      include: ['node_flows_total'],
      interval: '30s',
      prefix: 'netobserv_',
    },
  })
})

test('the processor names clusters, zones, subnets and ports', () => {
  const made = plan(
    resource({
      ...withoutLoki,
      namespace: 'flows',
      processor: {
        clusterName: 'west',
        multiClusterDeployment: true,
        addZone: true,
        subnetLabels: { customLabels: [{ name: 'EXT:partner', cidrs: ['192.0.2.0/24'] }] },
        metrics: {
          server: {
            port: 9500,
            tls: { type: 'Provided', provided: { type: 'secret', name: 'm', certFile: 'tls.crt', certKey: 'tls.key' } },
          },
        },
        advanced: { port: 9999, healthPort: 8080, profilePort: 6060 },
      },
    }),
  )
  expect(made.config).toMatchObject({
    listen: '127.0.0.1:8088',
    ops: ['0.0.0.0:8080', '127.0.0.1:6060'],
    identity: { zones: true, infra_namespaces: ['flows', 'openshift'], networks: '/data/netobserv-networks.yaml' },
    sources: { agents: { listen: '0.0.0.0:9999' }, kubernetes: { cluster: 'west' } },
    sinks: {
      prometheus: { listen: '0.0.0.0:9500', tls: { cert_file: '/secrets/m/tls.crt', key_file: '/secrets/m/tls.key' } },
    },
  })
  expect(JSON.parse(made.files['netobserv-networks.yaml'] ?? '')).toEqual({
    networks: [{ cidr: '192.0.2.0/24', label: 'EXT:partner' }],
  })
})

test('quick filters of the console are in the language of Weir', () => {
  const quickFilters = [
    { name: 'Applications', filter: { flow_layer: '"app"' }, default: true },
    { name: 'Pods network', filter: { src_kind: '"Pod"', dst_kind: '"Pod"' } },
    { name: 'External ingress', filter: { src_subnet_label: '"",EXT:' } },
    { name: 'Others', filter: { 'src_namespace!': 'openshift-,netobserv' } },
  ]
  const made = plan(resource({ ...withoutLoki, consolePlugin: { enable: true, quickFilters } }))
  expect(made.config['console']).toEqual({
    quick_filters: [
      { name: 'Applications', filter: 'flow_layer = "app"' },
      { name: 'Pods network', filter: 'src_kind = "Pod" and dst_kind = "Pod"' },
      { name: 'External ingress', filter: 'not exists(src_label) or src_label ~ "(?i)EXT:"' },
      { name: 'Others', filter: 'not (src_namespace ~ "(?i)openshift-" or src_namespace ~ "(?i)netobserv")' },
    ],
  })
  expect(made.notes).toEqual([
    'spec.consolePlugin: without effect except quickFilters; Weir has its own console',
    'spec.consolePlugin.quickFilters[0].default: without effect; no quick filter is active at first',
  ])
})

test('settings that cannot be honoured end the start, or are ignored', () => {
  const text = resource({
    ...withoutLoki,
    processor: { filters: [{ query: 'Nope = 1' }] },
    later: { key: 1 },
  })
  expect(problem(text).split('\n').slice(1)).toEqual([
    '      spec.later: unknown key',
    expect.stringContaining('spec.processor.filters[0].keepEntryQuery: Nope is no field of a flow') as string,
  ])
})

test.each([
  ['kind: Pod', 'fc.yaml contains no FlowCollector'],
  ['a: [', /^fc\.yaml is no YAML or JSON: /],
  [resource({}, 'v1alpha1'), /^apiVersion `flows\.netobserv\.io\/v1alpha1` is not supported; supported: .*v1beta1, /],
  [resource({ deploymentModel: 'Other' }), 'spec.deploymentModel: expected one of Service, Direct, Kafka, not `Other`'],
  [
    resource({ ...withoutLoki, exporters: [{ type: 'Kafka', kafka: {} }] }),
    'spec.exporters[0].kafka: address and topic are required',
  ],
])('%s is rejected', (text, message) => {
  if (typeof message === 'string') expect(problem(text)).toBe(message)
  else expect(problem(text)).toMatch(message)
})
