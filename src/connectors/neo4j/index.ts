import { defineConnector } from '../../engine/manifest.ts'
import { neo4jSchema } from './config.ts'

export default defineConnector({
  sinks: [neo4jSchema],
  support: [{ system: 'neo4j', name: 'Neo4j (Bolt)' }],
})
