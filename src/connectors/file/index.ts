import { defineConnector } from '../../engine/manifest.ts'
import { fileSchema, fileSourceSchema, stdoutSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: fileSourceSchema, thread: 'ingest', emits: 'flows' },
  sinks: [fileSchema, stdoutSchema],
  metrics,
  support: [
    { system: 'file', name: 'File' },
    { system: 'stdout', name: 'Standard output' },
  ],
})
