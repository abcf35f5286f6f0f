import { SqsPuller } from '../../messaging/aws-pull.ts'
import { messageSource } from '../../messaging/message-source.ts'
import { defineSource } from '../../engine/define.ts'
import type { sqsSourceSchema } from './config.ts'
import { probeQueue } from '../../messaging/aws-queue-probe.ts'

export const source = defineSource<typeof sqsSourceSchema>('aws-sqs', {
  build: (config, context) => Promise.resolve(messageSource(config, context, new SqsPuller(config, context))),
  probe: probeQueue,
})
