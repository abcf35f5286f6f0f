import { messageSource, type MessageSourceStatus } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { KafkaPuller } from './client-pull.ts'
import type { KafkaSourceConfig, kafkaSourceSchema } from './config.ts'
import { probeTopics } from './client-probe.ts'

export const source = defineSource<typeof kafkaSourceSchema>('kafka', { build: openKafkaSource, probe: probeTopics })

export type KafkaSource = Source & {
  status(): MessageSourceStatus & { readonly partitions: Readonly<Record<string, readonly number[]>> }
}

/** Opens even if the cluster is unreachable; the failure is logged and retried. */
export function openKafkaSource(config: KafkaSourceConfig, context: SourceContext): Promise<KafkaSource> {
  const puller = new KafkaPuller(config, context)
  const source = messageSource(config, context, puller)
  return Promise.resolve({
    addresses: source.addresses,
    run: (signal) => source.run(signal),
    status: () => ({ ...source.status(), partitions: puller.partitions() }),
  })
}
