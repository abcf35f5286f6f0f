import type { Base } from '@platformatic/kafka'
import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { formatHostPort } from '../../schema/values.ts'
import { connectionOptions, loadClient, openBase } from './client-connect.ts'
import { apiIdOf, errorText, whyNotConnected } from './client-errors.ts'
import type { KafkaSourceConfig } from './config.ts'
import { withSinkTimeout } from '../../messaging/sink-timeout.ts'

/** Logs in and verifies the topics of a source, without joining a group. */
export async function probeTopics(
  config: KafkaSourceConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const { brokers, topics, timeout } = config
  const at = brokers.map(formatHostPort).join(', ')
  let base: Base | undefined
  const probe = async (): Promise<Probe> => {
    base = await openBase(await loadClient(), await connectionOptions(config, context))
    const [found, wrong]: [string[], string[]] = [[], []]
    for (const topic of topics) {
      try {
        found.push(
          `topic ${topic} has ${(await base.metadata({ topics: [topic] })).topics.get(topic)?.partitionsCount ?? 0} ` +
            'partitions',
        )
      } catch (error) {
        const missing = errorText(error).startsWith('Unknown topic')
        if (!missing && apiIdOf(error) === undefined) throw error
        wrong.push(missing ? `there is no topic ${topic}` : `topic ${topic} can't be had (${errorText(error)})`)
      }
    }
    if (wrong.length === 0) return { is: 'ok', message: `${at}: logged in; ${found.join(', ')}` }
    return {
      is: found.length === 0 ? 'fail' : 'warn',
      message: `${at}: logged in, but ${[...wrong, ...found].join(', ')}; create what is missing, or correct \`topics\``,
    }
  }
  try {
    return await withSinkTimeout(probe(), { timers: context.host.timers, ms: timeout }, signal)
  } catch (error) {
    return { is: 'fail', message: whyNotConnected(error, config) }
  } finally {
    await base?.close().catch(() => undefined)
  }
}
