import { defineSink } from '../../engine/define.ts'
import { httpSchema } from './config.ts'
import { openHttp } from './sink.ts'

export const http = defineSink(httpSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openHttp })
