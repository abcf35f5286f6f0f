import { defineTransform } from '../../engine/define.ts'
import type { connectionsSchema } from './config.ts'
import { connectionsStep } from './step.ts'

export const connections = defineTransform<typeof connectionsSchema>('connections', connectionsStep, {
  accepts: ['flows', 'events'],
})
