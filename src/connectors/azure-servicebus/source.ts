import { messageSource } from '../../messaging/message-source.ts'
import { defineSource } from '../../engine/define.ts'
import { ServiceBusPuller } from './client-pull.ts'
import type { serviceBusSourceSchema } from './config.ts'
import { probeEntity } from './client-probe.ts'

export const source = defineSource<typeof serviceBusSourceSchema>('azure-servicebus', {
  build: (config, context) => Promise.resolve(messageSource(config, context, new ServiceBusPuller(config, context))),
  probe: probeEntity,
})
