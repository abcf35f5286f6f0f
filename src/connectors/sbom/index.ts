import { defineConnector } from '../../engine/manifest.ts'
import { sbomSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: sbomSchema, thread: 'watch' },
  metrics,
  support: [
    { system: 'sbom', name: 'Documents about images in a folder' },
    { system: 'oci-registry', name: 'Documents about images in an OCI registry', connector: 'sbom' },
  ],
})
