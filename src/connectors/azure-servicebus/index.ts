import { defineConnector } from '../../engine/manifest.ts'
import { serviceBusSchema, serviceBusSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: serviceBusSourceSchema, thread: 'ingest' },
  sinks: [serviceBusSchema],
  support: [
    { system: 'azure-servicebus', name: 'Azure Service Bus (AMQP 1.0)', remark: 'not tested against the service' },
  ],
})
