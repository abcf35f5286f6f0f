import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { JetStreamPuller } from './client-pull.ts'
import type { NatsSourceConfig } from './config.ts'

/** A server that is away is no error here: it is said, and tried again. */
export function openNatsSource(config: NatsSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new JetStreamPuller(config, context)))
}
