import { defineSource } from '../../engine/define.ts'
import type { kubernetesSchema } from './config.ts'
import { openKubernetes } from './source-open.ts'

export const kubernetes = defineSource<typeof kubernetesSchema>('kubernetes', { thread: 'watch', build: openKubernetes })
