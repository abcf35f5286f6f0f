import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtTopics } from './client-look.ts'
import { kafkaSchema, kafkaSourceSchema } from './config.ts'
import { openKafka } from './sink.ts'
import { openKafkaSource } from './source.ts'

export const kafka = defineSink(kafkaSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openKafka })
export const kafkaSource = defineSource(kafkaSourceSchema, { thread: 'ingest', build: openKafkaSource, probe: lookAtTopics })
