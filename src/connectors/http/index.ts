import { defineSink } from '../../engine/define.ts'
import type { httpSchema } from './config.ts'
import { openHttp } from './sink.ts'

export const http = defineSink<typeof httpSchema>('http', { accepts: ['events', 'flows'], idempotency: 'id', build: openHttp })
