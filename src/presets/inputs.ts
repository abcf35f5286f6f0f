/** The inputs of each preset that a part of its configuration comes from: a fault names them, not a generated file. */
type Inputs = readonly (readonly [path: RegExp, input: string])[]

const shared: Inputs = [
  [/^data$/, '--data (WEIR_DATA)'],
  [/^listen$/, '--listen'],
  [/^ops/, '--ops'],
]

const inputs: Readonly<Record<string, Inputs>> = {
  kollect: [
    [/^sinks\.kollect\.brokers/, 'KAFKA_BROKERS'],
    [/^sinks\.kollect\.(?:namespace|connection_string)/, 'SERVICEBUS_CONNECTION_STRING, AZURE_SERVICEBUS_HOSTNAME'],
    [/^sinks\.kollect\.auth\.(?:tenant|client|secret|authority)/, 'AZURE_TENANT_ID and its neighbours'],
    [/^sinks\.kollect\.(?:fallback_urls|vhost)/, 'NATS_SERVER_URL, RABBIT_SERVER_URL'],
    [/^sinks/, '--event-writer-url (EVENT_WRITER_URL)'],
    [/^sources\.kubernetes\.cluster/, '--cluster-id (CLUSTER_ID)'],
    [/^sources\.kubernetes\.namespaces/, '--namespace (NAMESPACE)'],
    [/^sources\.kubernetes/, '--kube-config (KUBECONFIG)'],
    [/^telemetry/, '--telemetry-url (TELEMETRY_URL)'],
  ],
  'cts-exporter': [
    [/^sinks\.knative\.extensions/, 'K_CE_OVERRIDES'],
    [/^sinks\.knative\.tls/, 'K_CA_CERTS'],
    [/^sinks/, 'K_SINK'],
    [/^sources\.cts\.backfill/, '-from (CTS_FROM)'],
    [/^sources\.cts\.lease/, 'CTS_LEASE'],
    [/^sources\.cts\.projects/, 'OS_PROJECT_NAME, OS_PROJECT_ID and CTS_TRACKER'],
    [/^sources\.cts/, 'OS_CLOUD'],
  ],
  'neo4j-sink': [
    [/^sinks\.graph\.auth/, 'NEO4J_USER and NEO4J_PASSWORD'],
    [/^sinks/, 'NEO4J_URI'],
    [/^http/, 'PORT'],
  ],
  'exoscale-exporter': [
    [/^ops/, '-listen'],
    [/^listen/, '--api'],
    [/^sources\.exoscale\.endpoint/, 'EXOSCALE_API_ENDPOINT'],
    [/^sources/, 'EXOSCALE_API_KEY and EXOSCALE_API_SECRET'],
  ],
  'flows-to-clickhouse': [
    [/^sources\.flows\.brokers/, '-kafkaurl (KAFKA_URL)'],
    [/^sources\.flows\.topics/, '--topic (KAFKA_TOPIC)'],
    [/^sources\.flows\.group/, '--group (KAFKA_GROUP)'],
    [/^sources\.flows\.auth/, '--kafka-sasl, --kafka-user and KAFKA_PASSWORD'],
    [/^sources\.flows\.tls/, '--kafka-ca, --kafka-cert and --kafka-key'],
    [/^sinks\.clickhouse\.database/, '--database (CLICKHOUSE_DATABASE)'],
    [/^sinks\.clickhouse\.auth/, '--user (CLICKHOUSE_USER) and CLICKHOUSE_PASSWORD'],
    [/^sinks\.clickhouse\.tls/, '--ca, --cert and --key'],
    [/^sinks/, '-clickhouseurl (CLICKHOUSE_URL)'],
  ],
  'insights-remote': [
    [/^sinks\.lagoon\.auth/, 'RABBITMQ_USERNAME and RABBITMQ_PASSWORD'],
    [/^sinks\.lagoon/, 'RABBITMQ_ADDRESS'],
    [/^sinks|^sources\.insights\.ack/, 'DEPENDENCY_TRACK_API_ENDPOINT and its neighbours'],
    [/^sources\.insights\.listen/, '--webservice-port (WEBSERVICE_PORT)'],
    [/^sources\.insights\.(?:token_secret|previous_secret)/, 'INSIGHTS_TOKEN_SECRET'],
    [/^sources\.insights\.target_label/, '--token-target-label (TOKEN_TARGET_LABEL)'],
    [/^sources\.insights\.scanner\.env/, '--build-scanner-extra-env'],
    [/^sources\.insights\.scanner/, '--build-scanner-image'],
    [/^ops/, '--health-probe-bind-address and --metrics-bind-address'],
  ],
  netobserv: [[/^(?:sources|sinks|transforms|telemetry)/, '--config or --flowcollector']],
}

/** Undefined: the preset's user gave nothing that leads there. */
export function inputOf(preset: string, path: string): string | undefined {
  return [...(inputs[preset] ?? []), ...shared].find(([pattern]) => pattern.test(path))?.[1]
}
