import { defineTransform } from '../../engine/define.ts'
import type { aggregateSchema } from './config.ts'
import { aggregateStep } from './step.ts'

export const aggregate = defineTransform<typeof aggregateSchema>(
  'aggregate',
  (config, _tools, id) => aggregateStep(config, id),
  { accepts: ['flows', 'events'] },
)
