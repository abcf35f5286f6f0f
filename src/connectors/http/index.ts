import { defineConnector } from '../../engine/manifest.ts'
import { httpSchema } from './config.ts'

export default defineConnector({
  sinks: [httpSchema],
  support: [
    {
      system: 'http',
      name: 'CloudEvents over HTTP',
      source: '`POST /events`',
      parts: ['binary mode', 'structured mode', 'batched mode'],
    },
  ],
})
