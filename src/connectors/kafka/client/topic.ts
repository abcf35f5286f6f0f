import type { Context } from '../../../engine/contracts.ts'
import { connectionOptions } from './connect.ts'
import { apiIdOf, noTopic, errorText, whyNoTopic } from './errors.ts'
import type { Topic } from './publish.ts'
import type { Live } from './requests.ts'
import type { KafkaConfig } from '../config.ts'

/** Leaders at most a minute old; creates the topic if configured. Rejects if no broker responds. */
export async function topicFor(live: Live, topic: string, config: KafkaConfig, context: Context): Promise<Topic> {
  const fetched = await fetchTopic(live, topic)
  if (!config.create_topic || !('problem' in fetched) || fetched.problem !== noTopic(topic)) return fetched
  const problem = await createTopic(live, topic, config, context)
  return problem === undefined ? fetchTopic(live, topic) : { problem }
}

async function fetchTopic({ base }: Live, topic: string): Promise<Topic> {
  try {
    const { topics } = await base.metadata({ topics: [topic] })
    return { leaders: (topics.get(topic)?.partitions ?? []).map(({ leader }) => leader) }
  } catch (error) {
    if (apiIdOf(error) === undefined && !errorText(error).startsWith('Unknown topic')) throw error
    return { problem: whyNoTopic(error, topic) }
  }
}

async function createTopic(
  { library, base }: Live,
  topic: string,
  config: KafkaConfig,
  context: Context,
): Promise<string | undefined> {
  const { partitions, replication } = config
  const admin = new library.Admin(
    await connectionOptions(config, context, [...(base.currentMetadata?.brokers.values() ?? config.brokers)]),
  )
  admin.connections.on('connecting', ({ connection }) => connection.on('error', () => undefined))
  try {
    await admin.createTopics({
      topics: [topic],
      ...(partitions === null ? {} : { partitions }),
      ...(replication === null ? {} : { replicas: replication }),
    })
    context.log.info('Made a topic.', { topic })
    return undefined
  } catch (error) {
    const id = apiIdOf(error)
    if (id === 'TOPIC_ALREADY_EXISTS') return undefined
    if (id === undefined) throw error
    return (
      `topic ${topic} can't be created (${errorText(error)}); create it, or correct \`partitions\` and ` +
      `\`replication\``
    )
  } finally {
    await admin.close().catch(() => undefined)
  }
}
