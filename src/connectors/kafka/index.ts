import { defineSink } from '../../engine/define.ts'
import { kafkaSchema } from './config.ts'
import { openKafka } from './sink.ts'

export const kafka = defineSink(kafkaSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openKafka })
