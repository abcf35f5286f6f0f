import { defineSink } from '../../engine/define.ts'
import { neo4jSchema } from './config.ts'
import { openNeo4j } from './sink.ts'

export const neo4j = defineSink(neo4jSchema, { accepts: ['events', 'flows'], idempotency: 'id', build: openNeo4j })
