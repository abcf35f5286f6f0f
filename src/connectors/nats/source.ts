import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { JetStreamPuller } from './client-pull.ts'
import type { NatsSourceConfig, natsSourceSchema } from './config.ts'
import { probeSourceStream } from './client-source-probe.ts'

export const source = defineSource<typeof natsSourceSchema>('nats', { build: openNatsSource, probe: probeSourceStream })

/** Opens even if the server is unreachable; the failure is logged and retried. */
function openNatsSource(config: NatsSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new JetStreamPuller(config, context)))
}
