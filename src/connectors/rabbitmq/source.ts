import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { RabbitPuller } from './client-pull.ts'
import type { RabbitmqSourceConfig, rabbitmqSourceSchema } from './config.ts'
import { probeQueue } from './client-source-probe.ts'

export const source = defineSource<typeof rabbitmqSourceSchema>('rabbitmq', {
  build: openRabbitmqSource,
  probe: probeQueue,
})

/** Opens even if the server is unreachable; the failure is logged and retried. */
function openRabbitmqSource(config: RabbitmqSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new RabbitPuller(config, context)))
}
