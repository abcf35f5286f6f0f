import { defineConnector } from '../../engine/manifest.ts'
import { kubeAuditSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: kubeAuditSchema, thread: 'ingest', emits: 'audit' },
  metrics,
  support: [{ system: 'kube-audit', name: 'Kubernetes audit webhook (audit.k8s.io/v1)' }],
})
