import { defineSink } from '../../engine/define.ts'
import { serviceBusSchema } from './config.ts'
import { openServiceBus } from './sink.ts'

export const serviceBus = defineSink(serviceBusSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openServiceBus })
