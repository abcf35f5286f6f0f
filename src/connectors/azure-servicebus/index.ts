import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtEntity } from './client-look.ts'
import { serviceBusSchema, serviceBusSourceSchema } from './config.ts'
import { openServiceBus } from './sink.ts'
import { openServiceBusSource } from './source.ts'

export const serviceBus = defineSink(serviceBusSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openServiceBus })
export const serviceBusSource = defineSource(serviceBusSourceSchema, { thread: 'ingest', build: openServiceBusSource, probe: lookAtEntity })
