/** The one file that knows every connector and transform: its schema at once, its code only when it is configured. */
import { snsSchema } from './connectors/aws-sns/config.ts'
import { sqsSchema, sqsSourceSchema } from './connectors/aws-sqs/config.ts'
import { serviceBusSchema, serviceBusSourceSchema } from './connectors/azure-servicebus/config.ts'
import { cloudtrailSchema } from './connectors/cloudtrail/config.ts'
import { exoscaleEventsSchema } from './connectors/exoscale-events/config.ts'
import { fileSchema, stdoutSchema } from './connectors/file/config.ts'
import { gcppubsubSchema, gcppubsubSourceSchema } from './connectors/gcppubsub/config.ts'
import { httpSchema } from './connectors/http/config.ts'
import { kafkaJournalSchema, kafkaSchema, kafkaSourceSchema } from './connectors/kafka/config.ts'
import { kubeAuditSchema } from './connectors/kube-audit/config.ts'
import { kubernetesSchema } from './connectors/kubernetes/config.ts'
import { natsJournalSchema, natsSchema, natsSourceSchema } from './connectors/nats/config.ts'
import { neo4jSchema } from './connectors/neo4j/config.ts'
import { netflowSchema } from './connectors/netflow/config.ts'
import { otcCtsSchema } from './connectors/otc-cts/config.ts'
import { rabbitmqSchema, rabbitmqSourceSchema } from './connectors/rabbitmq/config.ts'
import { sflowSchema } from './connectors/sflow/config.ts'
import type { JournalDriver, SinkDefinition, SourceDefinition, TransformDefinition } from './engine/ports.ts'
import { redactSchema } from './transforms/redact/config.ts'

export const sourceSchemas = {
  netflow: netflowSchema, sflow: sflowSchema, kubernetes: kubernetesSchema, 'kube-audit': kubeAuditSchema, 'otc-cts': otcCtsSchema, cloudtrail: cloudtrailSchema, 'exoscale-events': exoscaleEventsSchema,
  nats: natsSourceSchema, kafka: kafkaSourceSchema, rabbitmq: rabbitmqSourceSchema, gcppubsub: gcppubsubSourceSchema, 'aws-sqs': sqsSourceSchema, 'azure-servicebus': serviceBusSourceSchema,
}
export const sinkSchemas = {
  http: httpSchema, nats: natsSchema, kafka: kafkaSchema, rabbitmq: rabbitmqSchema, 'aws-sqs': sqsSchema, 'aws-sns': snsSchema, gcppubsub: gcppubsubSchema,
  'azure-servicebus': serviceBusSchema, neo4j: neo4jSchema, file: fileSchema, stdout: stdoutSchema,
}

/** Settings of the journal on a bus, by the bus. */
export const journalSchemas = { kafka: kafkaJournalSchema.fields, nats: natsJournalSchema.fields }

export const transformSchemas = { redact: redactSchema }

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
