import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtQueue } from './client-look.ts'
import type { rabbitmqSchema, rabbitmqSourceSchema } from './config.ts'
import { openRabbitmq } from './sink.ts'
import { openRabbitmqSource } from './source.ts'

export const rabbitmq = defineSink<typeof rabbitmqSchema>('rabbitmq', { accepts: ['events', 'flows'], idempotency: 'id', build: openRabbitmq })
export const rabbitmqSource = defineSource<typeof rabbitmqSourceSchema>('rabbitmq', { thread: 'ingest', build: openRabbitmqSource, probe: lookAtQueue })
