import { defineSource } from '../../engine/define.ts'
import { kubernetesSchema } from './config.ts'
import { openKubernetes } from './source-open.ts'

export const kubernetes = defineSource(kubernetesSchema, { thread: 'watch', build: openKubernetes })
