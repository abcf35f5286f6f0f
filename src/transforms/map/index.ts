import { defineTransform } from '../../engine/define.ts'
import type { mapSchema } from './config.ts'
import { expressionProblems, mapStep } from './step.ts'

export const map = defineTransform<typeof mapSchema>('map', mapStep, {
  accepts: ['flows', 'events'],
  problems: expressionProblems,
})
