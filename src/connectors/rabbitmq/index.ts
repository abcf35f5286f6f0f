import { defineConnector } from '../../engine/manifest.ts'
import { rabbitmqSchema, rabbitmqSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: rabbitmqSourceSchema, thread: 'ingest' },
  sinks: [rabbitmqSchema],
  support: [{ system: 'rabbitmq', name: 'RabbitMQ (AMQP 0.9.1)' }],
})
