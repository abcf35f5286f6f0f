import { defineConnector } from '../../engine/manifest.ts'
import { elasticsearchSchema } from './config.ts'

export default defineConnector({
  sinks: [elasticsearchSchema],
  support: [{ system: 'elasticsearch', name: 'Elasticsearch, OpenSearch' }],
})
