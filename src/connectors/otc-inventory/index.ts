import { defineConnector } from '../../engine/manifest.ts'
import { otcInventorySchema } from './config.ts'

export default defineConnector({
  source: { schema: otcInventorySchema, thread: 'watch' },
  support: [
    {
      system: 'otc-inventory',
      name: 'Open Telekom Cloud resources (ECS, EVS, VPC, ELB, CCE, DNS)',
      remark: 'not tested against the service',
    },
  ],
})
