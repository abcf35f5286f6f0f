import { defineSink } from '../../engine/define.ts'
import { pubsubSchema } from './config.ts'
import { openPubsub } from './sink.ts'

export const pubsub = defineSink(pubsubSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openPubsub })
