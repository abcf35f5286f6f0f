import { defineTransform } from '../../engine/define.ts'
import type { sampleSchema } from './config.ts'
import { sampleStep } from './step.ts'

export const sample = defineTransform<typeof sampleSchema>('sample', sampleStep, { accepts: ['flows', 'events'] })
