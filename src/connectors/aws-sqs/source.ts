import { SqsPuller } from '../../messaging/aws-pull.ts'
import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import type { SqsSourceConfig } from './config.ts'

/** A service that is away is no error here: it is said, and tried again. */
export function openSqsSource(config: SqsSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new SqsPuller(config, context)))
}
