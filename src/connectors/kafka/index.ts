import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtTopics } from './client-look.ts'
import type { kafkaSchema, kafkaSourceSchema } from './config.ts'
import { openKafka } from './sink.ts'
import { openKafkaSource } from './source.ts'

export const kafka = defineSink<typeof kafkaSchema>('kafka', { accepts: ['events', 'flows'], idempotency: 'id', build: openKafka })
export const kafkaSource = defineSource<typeof kafkaSourceSchema>('kafka', { thread: 'ingest', build: openKafkaSource, probe: lookAtTopics })
