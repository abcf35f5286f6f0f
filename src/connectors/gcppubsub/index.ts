import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtSubscription } from './client-look.ts'
import type { gcppubsubSchema, gcppubsubSourceSchema } from './config.ts'
import { openPubSub } from './sink.ts'
import { openPubSubSource } from './source.ts'

export const gcppubsub = defineSink<typeof gcppubsubSchema>('gcppubsub', { accepts: ['events', 'flows'], idempotency: 'none', build: openPubSub })
export const gcppubsubSource = defineSource<typeof gcppubsubSourceSchema>('gcppubsub', { thread: 'ingest', build: openPubSubSource, probe: lookAtSubscription })
