import { defineSink } from '../../engine/define.ts'
import { snsSchema } from './config.ts'
import { openSns } from './sink.ts'

export const sns = defineSink(snsSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openSns })
