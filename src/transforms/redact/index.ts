import { defineTransform } from '../../engine/define.ts'
import { redactSchema } from './config.ts'
import { redactStep } from './step.ts'

export const redact = defineTransform(redactSchema, redactStep)
