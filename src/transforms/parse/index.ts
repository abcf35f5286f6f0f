import { defineTransform } from '../../engine/define.ts'
import type { parseSchema } from './config.ts'
import { parseStep } from './step.ts'

export const parse = defineTransform<typeof parseSchema>('parse', parseStep, { accepts: ['events'] })
