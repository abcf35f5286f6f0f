import { defineSink } from '../../engine/define.ts'
import { sqsSchema } from './config.ts'
import { openSqs } from './sink.ts'

export const sqs = defineSink(sqsSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openSqs })
