import { MessageLoop } from '../../messaging/message-loop.ts'
import { messageSource, type MessageSourceStatus } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { KafkaPuller } from './client/pull.ts'
import type { FlowCodec, KafkaSourceConfig, kafkaSourceSchema } from './config.ts'
import { probeTopics } from './client/probe.ts'
import { Positions } from './map/positions.ts'

export const source = defineSource<typeof kafkaSourceSchema>('kafka', { build: openKafkaSource, probe: probeTopics })

export type KafkaSource = Source & {
  status(): MessageSourceStatus & { readonly partitions: Readonly<Record<string, readonly number[]>> }
}

/** Opens even if the cluster is unreachable; the failure is logged and retried. */
async function openKafkaSource(config: KafkaSourceConfig, context: SourceContext): Promise<KafkaSource> {
  const { codec } = config
  if (codec === 'pbflow' || codec === 'netobserv-json') return openFlows(codec, config, context)
  const puller = new KafkaPuller(config, context)
  const source = messageSource({ ...config, codec }, context, puller)
  return withPartitions(source, () => source.status(), puller)
}

async function openFlows(codec: FlowCodec, config: KafkaSourceConfig, context: SourceContext): Promise<KafkaSource> {
  const { FlowIntake } = await import('./source/flows.ts')
  const positions = Positions.from(context.cursor)
  positions.keepOnly(config.topics)
  const puller = new KafkaPuller(config, context, positions)
  const intake = new FlowIntake(codec, context, puller, positions)
  const loop = new MessageLoop(config, context, intake)
  return withPartitions(
    loop,
    () => ({ messages: intake.messages, rejected: intake.rejected, ...loop.status() }),
    puller,
  )
}

function withPartitions(source: Source, status: () => MessageSourceStatus, puller: KafkaPuller): KafkaSource {
  return {
    addresses: source.addresses,
    run: (signal) => source.run(signal),
    feed: () => source.feed?.() ?? { records: status().messages },
    status: () => ({ ...status(), partitions: puller.partitions() }),
  }
}
