import { messageSource } from '../../messaging/message-source.ts'
import { defineSource } from '../../engine/define.ts'
import { RabbitPuller } from './client-pull.ts'
import type { rabbitmqSourceSchema } from './config.ts'
import { probeQueue } from './client-source-probe.ts'

export const source = defineSource<typeof rabbitmqSourceSchema>('rabbitmq', {
  build: (config, context) => Promise.resolve(messageSource(config, context, new RabbitPuller(config, context))),
  probe: probeQueue,
})
