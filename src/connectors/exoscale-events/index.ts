import { defineSource } from '../../engine/define.ts'
import { lookAtEvents } from './client-look.ts'
import { exoscaleEventsSchema } from './config.ts'
import { openExoscaleEvents } from './source.ts'

export const exoscaleEvents = defineSource(exoscaleEventsSchema, { thread: 'watch', build: openExoscaleEvents, probe: lookAtEvents })
