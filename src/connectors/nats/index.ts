import { defineSink } from '../../engine/define.ts'
import { natsSchema } from './config.ts'
import { openNats } from './sink.ts'

export const nats = defineSink(natsSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openNats })
