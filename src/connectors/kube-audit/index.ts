import { defineSource } from '../../engine/define.ts'
import type { kubeAuditSchema } from './config.ts'
import { openKubeAudit } from './source.ts'

export const kubeAudit = defineSource<typeof kubeAuditSchema>('kube-audit', { thread: 'ingest', build: openKubeAudit })
