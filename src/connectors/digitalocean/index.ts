import { defineConnector } from '../../engine/manifest.ts'
import { digitaloceanSchema } from './config.ts'

export default defineConnector({
  source: { schema: digitaloceanSchema, thread: 'watch' },
  support: [
    { system: 'digitalocean', name: 'DigitalOcean resources (API v2)', remark: 'not tested against the service' },
  ],
})
