import { defineSource } from '../../engine/define.ts'
import { kubeAuditSchema } from './config.ts'
import { openKubeAudit } from './source.ts'

export const kubeAudit = defineSource(kubeAuditSchema, { thread: 'ingest', build: openKubeAudit })
