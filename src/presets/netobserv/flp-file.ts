import { conntrack } from './conntrack-shape.ts'
import {
  anything,
  choice,
  durationMs,
  flag,
  float,
  integer,
  list,
  mapping,
  object,
  text,
  textOrNumber,
  type ReadBy,
} from './shape.ts'

const clientTls = object({
  insecureSkipVerify: flag,
  caCertPath: text,
  userCertPath: text,
  userKeyPath: text,
})
const sasl = object({ type: choice(['plain', 'scramSHA512']), clientIDPath: text, clientSecretPath: text })

const connection = { address: text, port: integer, tls: object({ certPath: text, keyPath: text }) }

export const metricsSettings = object({
  ...connection,
  disableGlobalServer: flag,
  prefix: text,
  noPanic: flag,
  suppressDefaultMetrics: flag,
})

const ipfixIngest = object({
  hostName: text,
  port: integer,
  portLegacy: integer,
  workers: integer,
  sockets: integer,
  mapping: list(object({ penprovided: flag, field: integer, pen: integer, destination: text, endianness: text })),
})

const decoder = object({ type: choice(['json', 'protobuf']) })

const ingest = object({
  type: choice(['file', 'file_loop', 'file_chunks', 'collector', 'ipfix', 'kafka', 'grpc', 'synthetic', 'stdin']),
  file: object({ filename: text, decoder, loop: flag, chunks: integer }),
  collector: ipfixIngest,
  ipfix: ipfixIngest,
  kafka: object({
    brokers: list(text),
    topic: text,
    groupid: text,
    groupBalancers: list(text),
    startOffset: text,
    batchReadTimeout: integer,
    decoder,
    batchMaxLen: integer,
    pullQueueCapacity: integer,
    pullMaxBytes: integer,
    commitInterval: integer,
    tls: clientTls,
    sasl,
  }),
  grpc: object({ port: integer, bufferLength: integer, certPath: text, keyPath: text, clientCAPath: text }),
  synthetic: anything,
  stdin: anything,
})

const entry = object({ input: text, value: anything, castInt: flag })
const assignee = object({ input: text, output: text, parameters: text, assignee: text })
const removal = object({
  type: choice([
    'remove_entry_if_exists',
    'remove_entry_if_doesnt_exist',
    'remove_entry_if_equal',
    'remove_entry_if_not_equal',
  ]),
  removeEntry: entry,
})
export type Removal = ReadBy<typeof removal>

const filterRule = object({
  type: choice([
    'remove_field',
    'remove_entry_if_exists',
    'remove_entry_if_doesnt_exist',
    'remove_entry_if_equal',
    'remove_entry_if_not_equal',
    'remove_entry_all_satisfied',
    'keep_entry_query',
    'add_field',
    'add_field_if_doesnt_exist',
    'add_field_if',
    'add_regex_if',
    'add_label',
    'add_label_if',
    'conditional_sampling',
  ]),
  removeField: entry,
  removeEntry: entry,
  removeEntryAllSatisfied: list(removal),
  keepEntryQuery: text,
  keepEntrySampling: integer,
  addField: entry,
  addFieldIfDoesntExist: entry,
  addFieldIf: assignee,
  addRegexIf: assignee,
  addLabel: entry,
  addLabelIf: assignee,
  conditionalSampling: list(object({ value: integer, rules: list(removal) })),
})
export type FilterRule = ReadBy<typeof filterRule>

const reference = object({ name: text, namespace: text })
const networkRule = object({
  type: choice([
    'add_subnet',
    'add_location',
    'add_service',
    'add_kubernetes',
    'add_kubernetes_infra',
    'reinterpret_direction',
    'add_subnet_label',
    'decode_tcp_flags',
  ]),
  kubernetes_infra: object({
    namespaceNameFields: list(reference),
    output: text,
    infra_prefixes: list(text),
    infra_refs: list(reference),
  }),
  kubernetes: object({
    ipField: text,
    interfacesField: text,
    udnsField: text,
    macField: text,
    output: text,
    assignee: text,
    labels_prefix: text,
    label_inclusions: list(text),
    label_exclusions: list(text),
    label_value_max_length: integer,
    annotations_prefix: text,
    annotation_inclusions: list(text),
    annotation_exclusions: list(text),
    annotation_value_max_length: integer,
    add_zone: flag,
  }),
  add_subnet: object({ input: text, output: text, subnet_mask: text }),
  add_location: object({ input: text, output: text, file_path: text }),
  add_subnet_label: object({ input: text, output: text }),
  add_service: object({ input: text, output: text, protocol: text }),
  decode_tcp_flags: object({ input: text, output: text }),
})
export type NetworkRule = ReadBy<typeof networkRule>

const network = object({
  rules: list(networkRule),
  kubeConfig: object({
    configPath: text,
    secondaryNetworks: list(object({ name: text, index: anything })),
    managedCNI: list(text),
    trackedKinds: list(text),
  }),
  servicesFile: text,
  protocolsFile: text,
  subnetLabels: list(object({ name: text, cidrs: list(text) })),
  directionInfo: object({
    reporterIPField: text,
    srcHostField: text,
    dstHostField: text,
    flowDirectionField: text,
    ifDirectionField: text,
  }),
})
export type Network = ReadBy<typeof network>

const generic = object({
  policy: choice(['preserve_original_keys', 'replace_keys']),
  rules: list(object({ input: text, output: text, multiplier: integer })),
})
export type Generic = ReadBy<typeof generic>

const filter = object({ rules: list(filterRule), samplingField: text })
export type Filter = ReadBy<typeof filter>

const metric = object({
  name: text,
  type: choice(['counter', 'gauge', 'histogram', 'agg_histogram']),
  help: text,
  filters: list(
    object({
      key: text,
      value: textOrNumber,
      type: choice(['equal', 'not_equal', 'presence', 'absence', 'match_regex', 'not_match_regex']),
    }),
  ),
  valueKey: text,
  labels: list(text),
  remap: mapping(text),
  flatten: list(text),
  buckets: list(float),
  valueScale: float,
})
export type Metric = ReadBy<typeof metric>

const otlp = {
  address: text,
  port: integer,
  connectionType: text,
  tls: clientTls,
  headers: mapping(text),
}

const aggregates = object({
  defaultExpiryTime: durationMs,
  rules: list(
    object({ name: text, groupByKeys: list(text), operationType: text, operationKey: text, expiryTime: durationMs }),
  ),
})
export type Aggregates = ReadBy<typeof aggregates>

const timebased = object({
  rules: list(
    object({
      name: text,
      indexKey: text,
      indexKeys: list(text),
      operationType: choice(['sum', 'avg', 'min', 'max', 'count', 'last', 'diff']),
      operationKey: text,
      topK: integer,
      reversed: flag,
      timeInterval: durationMs,
    }),
  ),
})
export type Timebased = ReadBy<typeof timebased>

const encode = object({
  type: choice(['prom', 'kafka', 's3', 'otlplogs', 'otlpmetrics', 'otlptraces', 'none']),
  prom: object({ ...connection, metrics: list(metric), prefix: text, expiryTime: durationMs, maxMetrics: integer }),
  kafka: object({
    address: text,
    topic: text,
    balancer: text,
    writeTimeout: integer,
    readTimeout: integer,
    batchBytes: integer,
    batchSize: integer,
    compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    tls: clientTls,
    sasl,
  }),
  s3: object({
    account: text,
    endpoint: text,
    accessKeyId: text,
    secretAccessKey: text,
    bucket: text,
    writeTimeout: durationMs,
    batchSize: integer,
    secure: flag,
    objectHeaderParameters: mapping(anything),
  }),
  otlplogs: object(otlp),
  otlpmetrics: object({
    ...otlp,
    prefix: text,
    metrics: list(metric),
    pushTimeInterval: durationMs,
    expiryTime: durationMs,
  }),
  otlptraces: object({ ...otlp, spanSplitter: list(text) }),
})
export type Encode = ReadBy<typeof encode>

const write = object({
  type: choice(['stdout', 'loki', 'ipfix', 'grpc', 'none', 'fake']),
  loki: object({
    url: text,
    tenantID: text,
    batchWait: durationMs,
    batchSize: integer,
    timeout: durationMs,
    minBackoff: durationMs,
    maxBackoff: durationMs,
    maxRetries: integer,
    labels: list(text),
    staticLabels: mapping(text),
    ignoreList: list(text),
    clientConfig: anything,
    timestampLabel: text,
    timestampScale: text,
    format: choice(['printf', 'fields', 'json']),
    reorder: flag,
    clientProtocol: choice(['http', 'grpc']),
    grpcConfig: anything,
  }),
  stdout: object({ format: choice(['printf', 'fields', 'json']) }),
  ipfix: object({
    targetHost: text,
    targetPort: integer,
    transport: choice(['tcp', 'udp']),
    enterpriseId: integer,
    tplSendInterval: durationMs,
  }),
  grpc: object({ targetHost: text, targetPort: integer }),
})
export type Write = ReadBy<typeof write>

export const stages = list(object({ name: text, follows: text }))
type Stages = ReadBy<typeof stages>

export const parameters = list(
  object({
    name: text,
    ingest,
    transform: object({ type: choice(['generic', 'filter', 'network', 'none']), generic, filter, network }),
    extract: object({
      type: choice(['aggregates', 'conntrack', 'timebased', 'none']),
      aggregates,
      conntrack,
      timebased,
    }),
    encode,
    write,
  }),
)
type Parameters = ReadBy<typeof parameters>
export type Parameter = Parameters[number]
export type Ingest = NonNullable<Parameter['ingest']>
export type Sasl = ReadBy<typeof sasl>
export type ClientTls = ReadBy<typeof clientTls>
export type MetricsSettings = ReadBy<typeof metricsSettings>

export type FlpFile = Readonly<{
  pipeline: Stages
  parameters: Parameters
  metricsSettings: MetricsSettings
}>
