import { defineConnector } from '../../engine/manifest.ts'
import { lokiSchema } from './config.ts'

export default defineConnector({
  sinks: [lokiSchema],
  support: [{ system: 'loki', name: 'Grafana Loki', parts: ['protobuf', 'JSON'] }],
})
