import { defineTransform } from '../../engine/define.ts'
import type { dedupeSchema } from './config.ts'
import { dedupeStep } from './step.ts'

export const dedupe = defineTransform<typeof dedupeSchema>('dedupe', dedupeStep, { accepts: ['flows', 'events'] })
