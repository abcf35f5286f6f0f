/** Every connector and transform: its code is loaded when it is configured. Their settings are in schemas.ts, which threads need not load. */
import type { JournalDriver, SinkDefinition, SourceDefinition, TransformDefinition } from './engine/contracts.ts'

type Loader<D> = () => Promise<D>

const journals: Readonly<Record<string, Loader<JournalDriver<never>>>> = {
  kafka: async () => (await import('./connectors/kafka/journal.ts')).openKafkaJournal,
  nats: async () => (await import('./connectors/nats/journal.ts')).openNatsJournal,
}

const sources: Readonly<Record<string, Loader<SourceDefinition<never>>>> = {
  netflow: async () => (await import('./connectors/netflow/index.ts')).netflow,
  kubernetes: async () => (await import('./connectors/kubernetes/index.ts')).kubernetes,
  sflow: async () => (await import('./connectors/sflow/index.ts')).sflow,
  'kube-audit': async () => (await import('./connectors/kube-audit/index.ts')).kubeAudit,
  'otc-cts': async () => (await import('./connectors/otc-cts/index.ts')).otcCts,
  cloudtrail: async () => (await import('./connectors/cloudtrail/index.ts')).cloudtrail,
  'exoscale-events': async () => (await import('./connectors/exoscale-events/index.ts')).exoscaleEvents,
  nats: async () => (await import('./connectors/nats/index.ts')).natsSource,
  kafka: async () => (await import('./connectors/kafka/index.ts')).kafkaSource,
  rabbitmq: async () => (await import('./connectors/rabbitmq/index.ts')).rabbitmqSource,
  gcppubsub: async () => (await import('./connectors/gcppubsub/index.ts')).gcppubsubSource,
  'aws-sqs': async () => (await import('./connectors/aws-sqs/index.ts')).sqsSource,
  'azure-servicebus': async () => (await import('./connectors/azure-servicebus/index.ts')).serviceBusSource,
}

/** Sources that have much to do with what they read, or read their own frames: they have a worker of their own (`thread: 'watch'`). */
export const watched: ReadonlySet<string> = new Set(['kubernetes', 'otc-cts', 'cloudtrail', 'exoscale-events'])

const sinks: Readonly<Record<string, Loader<SinkDefinition<never>>>> = {
  http: async () => (await import('./connectors/http/index.ts')).http,
  nats: async () => (await import('./connectors/nats/index.ts')).nats,
  kafka: async () => (await import('./connectors/kafka/index.ts')).kafka,
  rabbitmq: async () => (await import('./connectors/rabbitmq/index.ts')).rabbitmq,
  'aws-sqs': async () => (await import('./connectors/aws-sqs/index.ts')).sqs,
  'aws-sns': async () => (await import('./connectors/aws-sns/index.ts')).sns,
  gcppubsub: async () => (await import('./connectors/gcppubsub/index.ts')).gcppubsub,
  'azure-servicebus': async () => (await import('./connectors/azure-servicebus/index.ts')).serviceBus,
  neo4j: async () => (await import('./connectors/neo4j/index.ts')).neo4j,
  file: async () => (await import('./connectors/file/index.ts')).file,
  stdout: async () => (await import('./connectors/file/index.ts')).stdout,
}

const transforms: Readonly<Record<string, Loader<TransformDefinition<never>>>> = {
  redact: async () => (await import('./transforms/redact/index.ts')).redact,
}

/** Settings were validated by the schema of the same name, so they fit the definition's own type. */
export async function loadSource(type: string): Promise<SourceDefinition<unknown>> {
  return (await load(sources, type)) as SourceDefinition<unknown>
}

export async function loadSink(type: string): Promise<SinkDefinition<unknown>> {
  return (await load(sinks, type)) as SinkDefinition<unknown>
}

export async function loadTransform(type: string): Promise<TransformDefinition<unknown>> {
  return (await load(transforms, type)) as TransformDefinition<unknown>
}

export async function loadJournal(type: string): Promise<JournalDriver<unknown>> {
  return (await load(journals, type)) as JournalDriver<unknown>
}

function load<D>(from: Readonly<Record<string, Loader<D>>>, type: string): Promise<D> {
  const found = from[type]
  if (found === undefined) throw new Error(`no connector of type ${type}`)
  return found()
}
