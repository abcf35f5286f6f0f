import { defineConnector } from '../../engine/manifest.ts'
import { spendSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: spendSchema, thread: 'watch' },
  metrics,
  support: [
    { system: 'spend', name: 'Costs as FOCUS 1.2 (CSV, Parquet), AWS reports and other CSV, as files' },
    { system: 'aws-cost-explorer', connector: 'spend', name: 'AWS Cost Explorer', remark: 'not tested against AWS' },
  ],
})
