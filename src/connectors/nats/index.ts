import { defineSink, defineSource } from '../../engine/define.ts'
import { lookAtStream } from './client-look.ts'
import type { natsSchema, natsSourceSchema } from './config.ts'
import { openNats } from './sink.ts'
import { openNatsSource } from './source.ts'

export const nats = defineSink<typeof natsSchema>('nats', { accepts: ['events', 'flows'], idempotency: 'id', build: openNats })
export const natsSource = defineSource<typeof natsSourceSchema>('nats', { thread: 'ingest', build: openNatsSource, probe: lookAtStream })
