import type { Base } from '@platformatic/kafka'
import type { Context, Probe, ProbeContext } from '../../../engine/contracts.ts'
import { withSinkTimeout } from '../../../messaging/sink-timeout.ts'
import { formatHostPort } from '../../../schema/values.ts'
import { connectionOptions, loadClient, openBase, type ClusterConfig } from './connect.ts'
import { apiIdOf, errorText, noTopic, whyNotConnected, whyNoTopic } from './errors.ts'
import type { KafkaConfig, KafkaSourceConfig } from '../config.ts'

export function probeKafka(config: KafkaConfig, context: Context, signal: AbortSignal): Promise<Probe> {
  const { topic, create_topic: create } = config
  return withBase(config, context, signal, async (base, at) => {
    if (topic.includes('{')) return { is: 'ok', message: `${at}: logged in; topics depend on the events` }
    try {
      return { is: 'ok', message: `${at}: logged in; ${await partitionsOf(base, topic)}` }
    } catch (error) {
      if (!isMissing(error)) return { is: 'fail', message: `${at}: logged in, but ${whyNoTopic(error, topic)}` }
      return create
        ? { is: 'ok', message: `${at}: logged in; topic ${topic} does not exist yet, and the first event creates it` }
        : { is: 'fail', message: `${at}: logged in, but ${noTopic(topic)}` }
    }
  })
}

export function probeTopics(config: KafkaSourceConfig, context: ProbeContext, signal: AbortSignal): Promise<Probe> {
  return withBase(config, context, signal, async (base, at) => {
    const [readable, wrong]: [string[], string[]] = [[], []]
    for (const topic of config.topics) {
      try {
        readable.push(await partitionsOf(base, topic))
      } catch (error) {
        wrong.push(
          isMissing(error) ? `topic ${topic} not found` : `topic ${topic} is unavailable (${errorText(error)})`,
        )
      }
    }
    if (wrong.length === 0) return { is: 'ok', message: `${at}: logged in; ${readable.join(', ')}` }
    return {
      is: readable.length === 0 ? 'fail' : 'warn',
      message:
        `${at}: logged in, but ${[...wrong, ...readable].join(', ')}; ` + 'create missing topics, or correct `topics`',
    }
  })
}

async function withBase(
  config: ClusterConfig,
  context: ProbeContext,
  signal: AbortSignal,
  inspect: (base: Base, at: string) => Promise<Probe>,
): Promise<Probe> {
  let base: Base | undefined
  const probe = async () => {
    base = await openBase(await loadClient(), await connectionOptions(config, context))
    return inspect(base, config.brokers.map(formatHostPort).join(', '))
  }
  try {
    return await withSinkTimeout(probe(), { timers: context.host.timers, ms: config.timeout }, signal)
  } catch (error) {
    return { is: 'fail', message: whyNotConnected(error, config) }
  } finally {
    await base?.close().catch(() => undefined)
  }
}

async function partitionsOf(base: Base, topic: string): Promise<string> {
  const { topics } = await base.metadata({ topics: [topic] })
  return `topic ${topic} has ${topics.get(topic)?.partitionsCount ?? 0} partitions`
}

function isMissing(error: unknown) {
  const missing = errorText(error).startsWith('Unknown topic')
  if (!missing && apiIdOf(error) === undefined) throw error
  return missing
}
