import type { JournalUrl } from '../../engine/manifest.ts'
import {
  choice,
  Complaint,
  defineSchema,
  duration,
  flag,
  hostPort,
  integer,
  list,
  messageComplaint,
  messageFields,
  messageSourceFields,
  secret,
  text,
  tls,
  variants,
  type ConfigOf,
  timeoutField,
  userFields,
} from '../../schema/index.ts'
import { placeholders } from '../../messaging/row-template.ts'
import { partitioners } from './map/partition.ts'
import { topicProblem } from './map/topic.ts'

const login = userFields('file:/run/secrets/kafka-password')

const auth = variants(
  {
    none: {},
    plain: login,
    'scram-sha-256': login,
    'scram-sha-512': login,
    oauthbearer: {
      token: secret({
        description: 'OAuth bearer token; re-read for each connection',
        required: true,
        example: 'file:/run/secrets/kafka-token',
      }),
    },
  },
  {
    description: 'SASL authentication; re-read for each connection',
    default: { type: 'none' },
  },
)

const brokers = list(hostPort({ description: 'A broker', required: true, example: 'kafka-1:9092' }), {
  description: 'Bootstrap brokers; the others are discovered from them',
  required: true,
  example: ['kafka-1:9092', 'kafka-2:9092'],
})

export const kafkaSchema = defineSchema({
  type: 'kafka',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to Kafka and waits until all in-sync replicas have each of them',
  fields: {
    brokers,
    topic: text({
      description:
        `Topic of an event; may contain ${placeholders.map((name) => `{${name}}`).join(' ')}. Characters ` +
        `that a topic name cannot contain become \`_\``,
      default: 'weir.{family}',
    }),
    create_topic: flag({
      description: 'Create the topic if it is missing; existing topics are not changed',
      default: false,
    }),
    partitions: integer(
      {
        description: 'Partitions of a topic created by `create_topic`. Unset: the default of the brokers',
        unit: 'partitions',
        default: null,
        example: 12,
      },
      { min: 1, max: 100_000 },
    ),
    replication: integer(
      {
        description:
          'Replicas of each partition of a topic created by `create_topic`. Unset: the default of the brokers',
        unit: 'copies',
        default: null,
        example: 3,
      },
      { min: 1, max: 32_767 },
    ),
    partitioner: choice(partitioners, {
      description:
        'Partitioner: `murmur2` as in the Java client, `fnv1a` as in kollect and Sarama. Events without a ' +
        'key are distributed by their id',
      default: 'murmur2',
    }),
    flow_key: choice(['addresses', 'none'], {
      description:
        'Key of flows. `addresses`: both addresses in ascending order, 16 bytes each, so that both directions of a ' +
        'conversation are in one partition, as with the eBPF agent of NetObserv. `none`: flows are distributed evenly',
      default: 'addresses',
    }),
    compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
      description: 'Compression of the messages of one partition in one request',
      default: 'none',
    }),
    ...messageFields('binary'),
    codec: choice(['json', 'netobserv-json', 'pbflow', 'kollect'], {
      description:
        'Encoding of messages. For flows, `json` is a CloudEvent with the fields of the registry, `netobserv-json` a ' +
        "record as NetObserv's pipeline writes it, `pbflow` a protobuf record as its eBPF agent writes it (with " +
        '`mode: raw` as the agent); events are CloudEvents with each. `kollect` writes changes of Kubernetes objects ' +
        "as kollect's protobuf and supports no other rows",
      default: 'json',
    }),
    concurrency: integer(
      { description: 'Maximum unacknowledged messages', unit: 'messages', default: 4096 },
      { min: 1, max: 16_384 },
    ),
    auth,
    tls,
  },
  check({ topic, create_topic: create, partitions, replication, brokers, ...message }) {
    const wrong = messageComplaint(message)
    if (wrong !== null) return wrong
    if (brokers.length === 0) return new Complaint('`brokers` is empty', 'write `brokers: [kafka-1:9092]`', ['brokers'])
    const problem = topicProblem(topic, { create })
    if (problem !== undefined) return problem
    if (!create && (partitions ?? replication) !== null)
      return new Complaint(
        '`partitions` and `replication` apply to created topics only',
        'set `create_topic: true`, or remove them',
        [partitions === null ? 'replication' : 'partitions'],
      )
    return null
  },
})

const flowCodecs = ['pbflow', 'netobserv-json'] as const
export type FlowCodec = (typeof flowCodecs)[number]
const sourceCodecs = ['cloudevents', 'kollect', ...flowCodecs, 'json', 'raw'] as const

export const kafkaSourceSchema = defineSchema({
  type: 'kafka',
  role: 'source',
  summary: 'Reads Kafka topics as a member of a consumer group and commits offsets after the journal is synced',
  fields: {
    brokers,
    topics: list(
      text(
        { description: 'A topic', required: true, example: 'orders' },
        { pattern: /[\w.-]{1,249}/, expects: 'the name of a topic' },
      ),
      {
        description: 'Topics to read; a missing topic is read as soon as it exists',
        required: true,
        example: ['orders'],
      },
    ),
    group: text(
      { description: 'Consumer group; its members share the partitions', default: 'weir' },
      { pattern: /\S+/, expects: 'a name without spaces' },
    ),
    offset: choice(['oldest', 'newest'], {
      description: 'Start position in partitions without a committed offset',
      default: 'oldest',
    }),
    refresh: duration(
      { description: 'Interval of checking for new topics and partitions', default: '10s' },
      { min: '100ms' },
    ),
    session_timeout: duration(
      {
        description: 'Time without a heartbeat after which the partitions of a member are reassigned',
        default: '30s',
      },
      { min: '6s', max: '30m' },
    ),
    ...messageSourceFields,
    codec: choice(sourceCodecs, {
      description:
        'Encoding of messages. `cloudevents`: binary, structured (JSON or protobuf) or batched mode. ' +
        '`kollect`: events of the family `change`. `pbflow`: one flow of the eBPF agent of NetObserv per message. ' +
        "`netobserv-json`: one flow per message, as NetObserv's flowlogs-pipeline writes it. `json` or `raw`: each " +
        'message becomes an event of `event_type`. An unreadable message becomes an event of type ' +
        '`weir.message.rejected` with its bytes and the reason; one that is no flow is skipped and counted as shed',
      default: 'cloudevents',
    }),
    timeout: timeoutField('Timeout of connecting and of one response'),
    auth,
    tls,
  },
  check({ brokers: addresses, topics }) {
    if (addresses.length === 0)
      return new Complaint('`brokers` is empty', 'write `brokers: [kafka-1:9092]`', ['brokers'])
    return topics.length === 0 ? new Complaint('`topics` is empty', 'write `topics: [orders]`', ['topics']) : null
  },
})

export const kafkaJournalSchema = defineSchema({
  type: 'kafka',
  role: 'journal',
  summary: 'Journal in a Kafka topic, which several instances share',
  fields: {
    brokers,
    topic: text(
      {
        description: 'Topic of the frames. Small records are in a second topic with the suffix `-records`',
        default: 'weir-journal',
      },
      { pattern: /[\w.-]{1,240}/, expects: 'the name of a topic' },
    ),
    partitions: integer(
      {
        description: 'Partitions of the topic if Weir creates it; at most this many deliverers share the work',
        unit: 'partitions',
        default: 12,
      },
      { min: 1, max: 1000 },
    ),
    replication: integer(
      {
        description: 'Replicas of each partition if Weir creates the topic. Unset: the default of the brokers',
        unit: 'copies',
        default: null,
        example: 3,
      },
      { min: 1, max: 32_767 },
    ),
    timeout: timeoutField('Timeout of connecting and of one response'),
    auth,
    tls,
  },
})

/** `kafka://host:port,host:port/topic` */
export const kafkaJournalUrl: JournalUrl = {
  schemes: ['kafka'],
  settings: ({ hosts, name }) => ({ type: 'kafka', brokers: hosts, ...(name === '' ? {} : { topic: name }) }),
}

export type KafkaJournalConfig = ConfigOf<typeof kafkaJournalSchema>
export type KafkaSourceConfig = ConfigOf<typeof kafkaSourceSchema>
export type KafkaConfig = ConfigOf<typeof kafkaSchema>
