import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtQueue } from './client-look.ts'
import { sqsSchema, sqsSourceSchema } from './config.ts'
import { openSqs } from './sink.ts'
import { openSqsSource } from './source.ts'

export const sqs = defineSink(sqsSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openSqs })
export const sqsSource = defineSource(sqsSourceSchema, { thread: 'ingest', build: openSqsSource, probe: lookAtQueue })
