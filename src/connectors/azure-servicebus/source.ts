import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { ServiceBusPuller } from './client-pull.ts'
import type { ServiceBusSourceConfig } from './config.ts'

/** A namespace that is away is no error here: it is said, and tried again. */
export function openServiceBusSource(config: ServiceBusSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new ServiceBusPuller(config, context)))
}
