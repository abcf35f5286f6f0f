/** Settings of every connector, transform and journal, by type. What is built from them is in registry.ts. */
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
