import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtSubscription } from './client-look.ts'
import { gcppubsubSchema, gcppubsubSourceSchema } from './config.ts'
import { openPubSub } from './sink.ts'
import { openPubSubSource } from './source.ts'

export const gcppubsub = defineSink(gcppubsubSchema, { accepts: ['events', 'flows'], idempotency: 'none', build: openPubSub })
export const gcppubsubSource = defineSource(gcppubsubSourceSchema, { thread: 'ingest', build: openPubSubSource, probe: lookAtSubscription })
