import { messageSource } from '../../messaging/message-source.ts'
import { defineSource } from '../../engine/define.ts'
import { PubSubPuller } from './client-pull.ts'
import type { gcppubsubSourceSchema } from './config.ts'
import { probeSubscription } from './client-probe.ts'

export const source = defineSource<typeof gcppubsubSourceSchema>('gcppubsub', {
  build: (config, context) => Promise.resolve(messageSource(config, context, new PubSubPuller(config, context.host))),
  probe: probeSubscription,
})
