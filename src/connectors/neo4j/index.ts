import { defineSink } from '../../engine/define.ts'
import type { neo4jSchema } from './config.ts'
import { openNeo4j } from './sink.ts'

export const neo4j = defineSink<typeof neo4jSchema>('neo4j', { accepts: ['events', 'flows'], idempotency: 'id', build: openNeo4j })
