import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtQueue } from './client-look.ts'
import { rabbitmqSchema, rabbitmqSourceSchema } from './config.ts'
import { openRabbitmq } from './sink.ts'
import { openRabbitmqSource } from './source.ts'

export const rabbitmq = defineSink(rabbitmqSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openRabbitmq })
export const rabbitmqSource = defineSource(rabbitmqSourceSchema, { thread: 'ingest', build: openRabbitmqSource, probe: lookAtQueue })
