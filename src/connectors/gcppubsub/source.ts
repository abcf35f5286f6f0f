import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { PubSubPuller } from './client-pull.ts'
import type { gcppubsubSourceSchema, PubSubSourceConfig } from './config.ts'
import { probeSubscription } from './client-probe.ts'

export const source = defineSource<typeof gcppubsubSourceSchema>('gcppubsub', {
  build: openPubSubSource,
  probe: probeSubscription,
})

function openPubSubSource(config: PubSubSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new PubSubPuller(config, context.host)))
}
