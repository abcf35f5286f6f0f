import { defineConnector } from '../../engine/manifest.ts'
import { kubernetesSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: kubernetesSchema, thread: 'watch', emits: 'resources' },
  metrics,
  support: [{ system: 'kubernetes', name: 'Kubernetes' }],
})
