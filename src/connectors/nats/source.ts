import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { JetStreamPuller } from './client-pull.ts'
import type { NatsSourceConfig, natsSourceSchema } from './config.ts'
import { lookAtStream } from './client-look.ts'

export const source = defineSource<typeof natsSourceSchema>('nats', { build: openNatsSource, probe: lookAtStream })

/** Opens even if the server is unreachable; the failure is logged and retried. */
export function openNatsSource(config: NatsSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new JetStreamPuller(config, context)))
}
