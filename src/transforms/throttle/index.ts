import { defineTransform } from '../../engine/define.ts'
import type { throttleSchema } from './config.ts'
import { throttleStep } from './step.ts'

export const throttle = defineTransform<typeof throttleSchema>('throttle', throttleStep, {
  accepts: ['flows', 'events'],
})
