import { defineSource } from '../../engine/define.ts'
import { lookAtTrail } from './client-look.ts'
import type { cloudtrailSchema } from './config.ts'
import { openCloudtrail } from './source.ts'

export const cloudtrail = defineSource<typeof cloudtrailSchema>('cloudtrail', { thread: 'watch', build: openCloudtrail, probe: lookAtTrail })
