import { defineTransform } from '../../engine/define.ts'
import type { aggregateSchema } from './config.ts'
import { aggregateEras } from './eras.ts'

export const aggregate = defineTransform<typeof aggregateSchema>(
  'aggregate',
  (config, _tools, id) => aggregateEras(config, id),
  { accepts: ['flows', 'events'] },
)
