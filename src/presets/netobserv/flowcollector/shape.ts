/** FlowCollector, v1beta1 and v1beta2. Enumerations of v1beta1 are in upper case. */
import {
  anything,
  choice,
  durationMs,
  flag,
  integer,
  list,
  mapping,
  object,
  text,
  textOrNumber,
  type ReadBy,
} from '../shape.ts'

const fileReference = object({ type: text, name: text, namespace: text, file: text })
const certificate = object({ type: text, name: text, namespace: text, certFile: text, certKey: text })
export type FileReference = ReadBy<typeof fileReference>
export type Certificate = ReadBy<typeof certificate>

const tls = object({ enable: flag, insecureSkipVerify: flag, caCert: certificate, userCert: certificate })
export type Tls = ReadBy<typeof tls>

const kafka = object({
  address: text,
  topic: text,
  tls,
  sasl: object({
    type: choice(['Disabled', 'Plain', 'ScramSHA512']),
    clientIDReference: fileReference,
    clientSecretReference: fileReference,
  }),
})
export type Kafka = ReadBy<typeof kafka>

const exporter = object({
  type: choice(['Kafka', 'IPFIX', 'OpenTelemetry']),
  kafka,
  ipfix: object({ targetHost: text, targetPort: integer, transport: choice(['TCP', 'UDP']), enterpriseID: integer }),
  openTelemetry: object({
    targetHost: text,
    targetPort: integer,
    protocol: choice(['http', 'grpc']),
    headers: mapping(text),
    tls,
    fieldsMapping: list(object({ input: text, output: text, multiplier: integer })),
    logs: object({ enable: flag }),
    metrics: object({ enable: flag, pushTimeInterval: durationMs }),
  }),
})
export type Exporter = ReadBy<typeof exporter>

const lokiServer = { tenantID: text, tls }
const loki = object({
  enable: flag,
  mode: choice(['Manual', 'LokiStack', 'Monolithic', 'Microservices']),
  manual: object({
    ...lokiServer,
    ingesterUrl: text,
    querierUrl: text,
    statusUrl: text,
    authToken: choice(['Disabled', 'Host', 'Forward']),
    statusTls: tls,
  }),
  microservices: object({ ...lokiServer, ingesterUrl: text, querierUrl: text }),
  monolithic: object({ ...lokiServer, installDemoLoki: flag, url: text }),
  lokiStack: object({ name: text, namespace: text }),
  readTimeout: durationMs,
  writeTimeout: durationMs,
  writeBatchWait: durationMs,
  writeBatchSize: integer,
  advanced: object({
    writeMinBackoff: durationMs,
    writeMaxBackoff: durationMs,
    writeMaxRetries: integer,
    staticLabels: mapping(text),
    excludeLabels: list(text),
  }),
  // v1beta1
  ...lokiServer,
  url: text,
  querierUrl: text,
  statusUrl: text,
  authToken: choice(['Disabled', 'Host', 'Forward']),
  statusTls: tls,
  batchWait: durationMs,
  batchSize: integer,
  timeout: durationMs,
  minBackoff: durationMs,
  maxBackoff: durationMs,
  maxRetries: integer,
  staticLabels: mapping(text),
})
export type Loki = ReadBy<typeof loki>

const conversation = {
  conversationHeartbeatInterval: durationMs,
  conversationEndTimeout: durationMs,
  conversationTerminatingTimeout: durationMs,
}
const ports = {
  port: integer,
  healthPort: integer,
  profilePort: integer,
  enableKubeProbes: flag,
  dropUnusedFields: flag,
}

const processor = object({
  imagePullPolicy: anything,
  metrics: object({
    server: object({
      port: integer,
      tls: object({
        type: choice(['Disabled', 'Provided', 'Auto']),
        provided: certificate,
        insecureSkipVerify: flag,
        providedCaFile: fileReference,
      }),
    }),
    includeList: list(text),
    ignoreTags: list(text),
    disableAlerts: anything,
    healthRules: anything,
  }),
  logLevel: text,
  resources: anything,
  kafkaConsumerReplicas: anything,
  kafkaConsumerAutoscaler: anything,
  consumerReplicas: anything,
  unmanagedReplicas: anything,
  kafkaConsumerQueueCapacity: integer,
  kafkaConsumerBatchSize: integer,
  logTypes: choice(['Flows', 'Conversations', 'EndedConversations', 'All']),
  clusterName: text,
  multiClusterDeployment: flag,
  addZone: flag,
  subnetLabels: object({
    openShiftAutoDetect: flag,
    customLabels: list(object({ name: text, cidrs: list(text) })),
  }),
  deduper: object({ mode: choice(['Disabled', 'Drop', 'Sample']), sampling: integer }),
  filters: list(object({ query: text, outputTarget: text, sampling: integer })),
  slicesConfig: object({
    enable: flag,
    collectionMode: choice(['AlwaysCollect', 'AllowList']),
    namespacesAllowList: list(text),
  }),
  advanced: object({
    ...ports,
    ...conversation,
    env: anything,
    scheduling: anything,
    secondaryNetworks: list(object({ name: text, index: list(text) })),
  }),
  // v1beta1
  ...ports,
  ...conversation,
  debug: anything,
})
export type Processor = ReadBy<typeof processor>

export const spec = object({
  namespace: text,
  agent: anything,
  processor,
  loki,
  prometheus: anything,
  consolePlugin: object({
    enable: flag,
    standalone: flag,
    register: flag,
    replicas: anything,
    unmanagedReplicas: anything,
    port: integer,
    imagePullPolicy: anything,
    resources: anything,
    logLevel: text,
    autoscaler: anything,
    portNaming: object({ enable: flag, portNames: mapping(text) }),
    quickFilters: list(object({ name: text, filter: mapping(textOrNumber), default: flag })),
    advanced: anything,
  }),
  deploymentModel: choice(['Service', 'Direct', 'Kafka']),
  kafka,
  exporters: list(exporter),
  networkPolicy: anything,
  execution: anything,
})
export type Spec = ReadBy<typeof spec>
