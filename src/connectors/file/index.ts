import { defineConnector } from '../../engine/manifest.ts'
import { fileSchema, stdoutSchema } from './config.ts'

export default defineConnector({
  sinks: [fileSchema, stdoutSchema],
  support: [
    { system: 'file', name: 'File' },
    { system: 'stdout', name: 'Standard output' },
  ],
})
