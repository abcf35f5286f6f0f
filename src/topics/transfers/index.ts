import { operation } from '../operation.ts'
import type { Around } from './read.ts'
import { Transfers, TransfersParameters } from './schema.ts'

export type { TransferSettings } from './read.ts'
export type { TransferRule } from './rules.ts'

export const transfers = operation({
  id: 'transfers',
  summary: 'Money of transfers between zones, to the internet, through NAT and load balancers',
  description:
    'Estimated bytes of flows × the price list of their cluster. A flow that two nodes report counts once. Flows ' +
    'without a known path or price are counted with the reason. Prices are those of one tier: free allowances and ' +
    'volume discounts of an account are in `invoice` only.',
  parameters: TransfersParameters,
  result: Transfers,
  async run(query, surroundings: Around) {
    const { readTransfers } = await import('./read.ts')
    return readTransfers(query, surroundings)
  },
})
