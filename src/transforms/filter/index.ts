import { defineTransform } from '../../engine/define.ts'
import type { filterSchema } from './config.ts'
import { filterStep } from './step.ts'

export const filter = defineTransform<typeof filterSchema>('filter', filterStep, { accepts: ['flows', 'events'] })
