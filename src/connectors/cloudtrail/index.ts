import { defineSource } from '../../engine/define.ts'
import { lookAtTrail } from './client-look.ts'
import { cloudtrailSchema } from './config.ts'
import { openCloudtrail } from './source.ts'

export const cloudtrail = defineSource(cloudtrailSchema, { thread: 'watch', build: openCloudtrail, probe: lookAtTrail })
