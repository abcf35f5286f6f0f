import { choice, Complaint, defineSchema, flag, hostPort, integer, list, messageComplaint, messageFields, secret, text, tls, variants, type ConfigOf } from '../../schema/index.ts'
import { partitioners } from './map-partition.ts'
import { placeholders, topicProblem } from './map-topic.ts'

const login = {
  user: text({ description: 'User name', required: true, example: 'weir' }),
  password: secret({ description: 'Password of the user', required: true, example: 'file:/run/secrets/kafka-password' }),
}

const auth = variants(
  {
    none: {},
    plain: login,
    'scram-sha-256': login,
    'scram-sha-512': login,
    oauthbearer: { token: secret({ description: 'Token, as somebody keeps it up to date', required: true, example: 'file:/run/secrets/kafka-token' }) },
  },
  { description: 'Proof of identity towards the brokers (SASL), read anew for each connection', default: { type: 'none' } },
)

export const kafkaSchema = defineSchema({
  type: 'kafka',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to Kafka and waits until every replica in sync has each of them',
  fields: {
    brokers: list(hostPort({ description: 'A broker', required: true, example: 'kafka-1:9092' }), { description: 'Brokers to ask first; the others are learned from them', required: true, example: ['kafka-1:9092', 'kafka-2:9092'] }),
    topic: text({ description: `Topic of an event; may hold ${placeholders.map((name) => `{${name}}`).join(' ')}, with whatever a topic's name can't have as \`_\``, default: 'weir.{family}' }),
    create_topic: flag({ description: 'Whether a topic that is missing is made; one that exists is left as it is', default: false }),
    partitions: integer({ description: 'Partitions of a topic that `create_topic` makes; left out, as many as the brokers make by default', unit: 'partitions', default: null, example: 12 }, { min: 1, max: 100_000 }),
    replication: integer({ description: 'Copies of each partition of a topic that `create_topic` makes; left out, as many as the brokers make by default', unit: 'copies', default: null, example: 3 }, { min: 1, max: 32_767 }),
    partitioner: choice(partitioners, { description: 'How a key becomes a partition: `murmur2` as Java\'s clients do it, `fnv1a` as kollect and Sarama do. What has no key is spread by its id', default: 'murmur2' }),
    compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], { description: 'Compression of the messages of one partition that go out together', default: 'none' }),
    ...messageFields('binary'),
    concurrency: integer({ description: 'Most messages that may wait for their acknowledgement at once', unit: 'messages', default: 4096 }, { min: 1, max: 16_384 }),
    auth,
    tls,
  },
  check({ topic, create_topic: create, partitions, replication, brokers, ...message }) {
    const wrong = messageComplaint(message)
    if (wrong !== null) return wrong
    if (brokers.length === 0) return new Complaint('`brokers` is empty', 'write `brokers: [kafka-1:9092]`', ['brokers'])
    const problem = topicProblem(topic, create)
    if (problem !== undefined) return problem
    if (!create && (partitions ?? replication) !== null) return new Complaint('`partitions` and `replication` are of topics that are made', 'set `create_topic: true`, or leave them out', [partitions === null ? 'replication' : 'partitions'])
    return null
  },
})

export type KafkaConfig = ConfigOf<typeof kafkaSchema>
