import { SqsPuller } from '../../messaging/aws-pull.ts'
import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import type { SqsSourceConfig, sqsSourceSchema } from './config.ts'
import { probeQueue } from '../../messaging/aws-queue-probe.ts'

export const source = defineSource<typeof sqsSourceSchema>('aws-sqs', { build: openSqsSource, probe: probeQueue })

function openSqsSource(config: SqsSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new SqsPuller(config, context)))
}
