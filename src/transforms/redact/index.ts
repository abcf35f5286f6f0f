import { defineTransform } from '../../engine/define.ts'
import type { redactSchema } from './config.ts'
import { redactStep } from './step.ts'

export const redact = defineTransform<typeof redactSchema>('redact', redactStep)
