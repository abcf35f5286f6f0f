import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { ServiceBusPuller } from './client-pull.ts'
import type { ServiceBusSourceConfig, serviceBusSourceSchema } from './config.ts'
import { probeEntity } from './client-probe.ts'

export const source = defineSource<typeof serviceBusSourceSchema>('azure-servicebus', {
  build: openServiceBusSource,
  probe: probeEntity,
})

function openServiceBusSource(config: ServiceBusSourceConfig, context: SourceContext): Promise<Source> {
  return Promise.resolve(messageSource(config, context, new ServiceBusPuller(config, context)))
}
