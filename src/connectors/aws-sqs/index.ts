import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtQueue } from './client-look.ts'
import type { sqsSchema, sqsSourceSchema } from './config.ts'
import { openSqs } from './sink.ts'
import { openSqsSource } from './source.ts'

export const sqs = defineSink<typeof sqsSchema>('aws-sqs', { accepts: ['events', 'flows'], idempotency: 'id', build: openSqs })
export const sqsSource = defineSource<typeof sqsSourceSchema>('aws-sqs', { thread: 'ingest', build: openSqsSource, probe: lookAtQueue })
