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
} from '../../schema/index.ts'
import { placeholders } from '../../messaging/row-template.ts'
import { partitioners } from './map-partition.ts'
import { topicProblem } from './map-topic.ts'

const login = {
  user: text({ description: 'User name', required: true, example: 'weir' }),
  password: secret({
    description: 'Password of the user',
    required: true,
    example: 'file:/run/secrets/kafka-password',
  }),
}

const auth = variants(
  {
    none: {},
    plain: login,
    'scram-sha-256': login,
    'scram-sha-512': login,
    oauthbearer: {
      token: secret({
        description: 'Token, as somebody keeps it up to date',
        required: true,
        example: 'file:/run/secrets/kafka-token',
      }),
    },
  },
  {
    description: 'Proof of identity towards the brokers (SASL), read anew for each connection',
    default: { type: 'none' },
  },
)

const brokers = list(hostPort({ description: 'A broker', required: true, example: 'kafka-1:9092' }), {
  description: 'Brokers to ask first; the others are learned from them',
  required: true,
  example: ['kafka-1:9092', 'kafka-2:9092'],
})

export const kafkaSchema = defineSchema({
  type: 'kafka',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to Kafka and waits until every replica in sync has each of them',
  fields: {
    brokers,
    topic: text({
      description: `Topic of an event; may hold ${placeholders.map((name) => `{${name}}`).join(' ')}, with whatever a topic's name can't have as \`_\``,
      default: 'weir.{family}',
    }),
    create_topic: flag({
      description: 'Whether a topic that is missing is made; one that exists is left as it is',
      default: false,
    }),
    partitions: integer(
      {
        description:
          'Partitions of a topic that `create_topic` makes; left out, as many as the brokers make by default',
        unit: 'partitions',
        default: null,
        example: 12,
      },
      { min: 1, max: 100_000 },
    ),
    replication: integer(
      {
        description:
          'Copies of each partition of a topic that `create_topic` makes; left out, as many as the brokers make by default',
        unit: 'copies',
        default: null,
        example: 3,
      },
      { min: 1, max: 32_767 },
    ),
    partitioner: choice(partitioners, {
      description:
        "How a key becomes a partition: `murmur2` as Java's clients do it, `fnv1a` as kollect and Sarama do. What has no key is spread by its id",
      default: 'murmur2',
    }),
    compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
      description: 'Compression of the messages of one partition that go out together',
      default: 'none',
    }),
    ...messageFields('binary'),
    concurrency: integer(
      { description: 'Most messages that may wait for their acknowledgement at once', unit: 'messages', default: 4096 },
      { min: 1, max: 16_384 },
    ),
    auth,
    tls,
  },
  check({ topic, create_topic: create, partitions, replication, brokers, ...message }) {
    const wrong = messageComplaint(message)
    if (wrong !== null) return wrong
    if (brokers.length === 0) return new Complaint('`brokers` is empty', 'write `brokers: [kafka-1:9092]`', ['brokers'])
    const problem = topicProblem(topic, create)
    if (problem !== undefined) return problem
    if (!create && (partitions ?? replication) !== null)
      return new Complaint(
        '`partitions` and `replication` are of topics that are made',
        'set `create_topic: true`, or leave them out',
        [partitions === null ? 'replication' : 'partitions'],
      )
    return null
  },
})

export const kafkaSourceSchema = defineSchema({
  type: 'kafka',
  role: 'source',
  summary: 'Reads topics of Kafka as a member of a consumer group, and commits what is synced',
  fields: {
    brokers,
    topics: list(
      text(
        { description: 'A topic', required: true, example: 'orders' },
        { pattern: /[\w.-]{1,249}/, expects: 'the name of a topic' },
      ),
      {
        description: 'Topics to read; one that is missing is read once it is there',
        required: true,
        example: ['orders'],
      },
    ),
    group: text(
      { description: 'Consumer group; its members share the partitions', default: 'weir' },
      { pattern: /\S+/, expects: 'a name without spaces' },
    ),
    offset: choice(['oldest', 'newest'], {
      description: 'Where the group begins in a partition of which it has read nothing yet',
      default: 'oldest',
    }),
    refresh: duration(
      { description: 'How often it is looked whether topics have come, or got more partitions', default: '10s' },
      { min: '100ms' },
    ),
    session_timeout: duration(
      {
        description: "After this long without a sign of life a member's partitions are given to others",
        default: '30s',
      },
      { min: '6s', max: '30m' },
    ),
    ...messageSourceFields,
    timeout: duration(
      { description: 'How long connecting, and one answer, may take', default: '10s' },
      { min: '10ms' },
    ),
    auth,
    tls,
  },
  check({ brokers: some, topics }) {
    if (some.length === 0) return new Complaint('`brokers` is empty', 'write `brokers: [kafka-1:9092]`', ['brokers'])
    return topics.length === 0 ? new Complaint('`topics` is empty', 'write `topics: [orders]`', ['topics']) : null
  },
})

export const kafkaJournalSchema = defineSchema({
  type: 'kafka',
  role: 'journal',
  summary: 'The journal as a topic of Kafka, which many Weirs share',
  fields: {
    brokers,
    topic: text(
      {
        description: 'Topic of the frames; what belongs to it is in the topic of this name with `-records` behind it',
        default: 'weir-journal',
      },
      { pattern: /[\w.-]{1,240}/, expects: 'the name of a topic' },
    ),
    partitions: integer(
      {
        description: 'Partitions of the topic when we make it: as many deliverers can share the work',
        unit: 'partitions',
        default: 12,
      },
      { min: 1, max: 1000 },
    ),
    replication: integer(
      {
        description:
          'Copies of each partition of a topic that we make; left out, as many as the brokers make by default',
        unit: 'copies',
        default: null,
        example: 3,
      },
      { min: 1, max: 32_767 },
    ),
    timeout: duration(
      { description: 'How long connecting, and one answer, may take', default: '10s' },
      { min: '10ms' },
    ),
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
