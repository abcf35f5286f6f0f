import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { PubSubPuller } from './client-pull.ts'
import type { PubSubSourceConfig } from './config.ts'

/** A service that is away is no error here: it is said, and tried again. */
export function openPubSubSource(config: PubSubSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new PubSubPuller(config, context.host)))
}
