import { defineSink } from '../../engine/define.ts'
import type { snsSchema } from './config.ts'
import { openSns } from './sink.ts'

export const sns = defineSink<typeof snsSchema>('aws-sns', { accepts: ['events', 'flows'], idempotency: 'id', build: openSns })
