import { defineSink } from '../../engine/define.ts'
import { rabbitmqSchema } from './config.ts'
import { openRabbitmq } from './sink.ts'

export const rabbitmq = defineSink(rabbitmqSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openRabbitmq })
