import { defineTransform } from '../../engine/define.ts'
import type { routeSchema } from './config.ts'
import { outputsOf, routeStep } from './step.ts'

export const route = defineTransform<typeof routeSchema>('route', routeStep, {
  accepts: ['flows', 'events'],
  outputs: outputsOf,
})
