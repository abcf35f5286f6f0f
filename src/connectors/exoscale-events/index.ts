import { defineSource } from '../../engine/define.ts'
import { lookAtEvents } from './client-look.ts'
import type { exoscaleEventsSchema } from './config.ts'
import { openExoscaleEvents } from './source.ts'

export const exoscaleEvents = defineSource<typeof exoscaleEventsSchema>('exoscale-events', { thread: 'watch', build: openExoscaleEvents, probe: lookAtEvents })
