import type { Base } from '@platformatic/kafka'
import type { Context, Probe } from '../../engine/contracts.ts'
import { formatHostPort } from '../../schema/values.ts'
import { connectionOptions, loadClient, openBase } from './client-connect.ts'
import { apiIdOf, noTopic, errorText, whyNotConnected, whyNoTopic } from './client-errors.ts'
import type { KafkaConfig } from './config.ts'
import { withSinkTimeout } from '../../messaging/sink-timeout.ts'

/** Logs in over a separate connection and verifies the topic; publishes nothing and creates no topic. */
export async function probeKafka(config: KafkaConfig, context: Context, signal: AbortSignal): Promise<Probe> {
  let base: Base | undefined
  const probe = async (): Promise<Probe> => {
    base = await openBase(await loadClient(), await connectionOptions(config, context))
    return probeTopic(base, config)
  }
  try {
    return await withSinkTimeout(probe(), { timers: context.host.timers, ms: config.timeout }, signal)
  } catch (error) {
    return { is: 'fail', message: whyNotConnected(error, config) }
  } finally {
    await base?.close().catch(() => undefined)
  }
}

async function probeTopic(base: Base, { brokers, topic, create_topic: create }: KafkaConfig): Promise<Probe> {
  const at = brokers.map(formatHostPort).join(', ')
  if (topic.includes('{')) return { is: 'ok', message: `${at}: logged in; topics are named by what is sent` }
  try {
    const count = (await base.metadata({ topics: [topic] })).topics.get(topic)?.partitionsCount ?? 0
    return { is: 'ok', message: `${at}: logged in; topic ${topic} has ${count} partitions` }
  } catch (error) {
    const missing = errorText(error).startsWith('Unknown topic')
    if (!missing && apiIdOf(error) === undefined) throw error
    if (missing && create)
      return { is: 'ok', message: `${at}: logged in; topic ${topic} is not there yet, and the first event makes it` }
    return { is: 'fail', message: `${at}: logged in, but ${missing ? noTopic(topic) : whyNoTopic(error, topic)}` }
  }
}
