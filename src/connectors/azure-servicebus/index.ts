import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtEntity } from './client-look.ts'
import type { serviceBusSchema, serviceBusSourceSchema } from './config.ts'
import { openServiceBus } from './sink.ts'
import { openServiceBusSource } from './source.ts'

export const serviceBus = defineSink<typeof serviceBusSchema>('azure-servicebus', { accepts: ['events', 'flows'], idempotency: 'id', build: openServiceBus })
export const serviceBusSource = defineSource<typeof serviceBusSourceSchema>('azure-servicebus', { thread: 'ingest', build: openServiceBusSource, probe: lookAtEntity })
