import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { RabbitPuller } from './client-pull.ts'
import type { RabbitmqSourceConfig } from './config.ts'

/** A server that is away is no error here: it is said, and tried again. */
export function openRabbitmqSource(config: RabbitmqSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new RabbitPuller(config, context)))
}
