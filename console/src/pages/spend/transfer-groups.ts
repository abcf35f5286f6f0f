import type { TransferGroup } from '../../../../src/topics/transfers/schema.ts'

export type { TransferGroup }

export const transferGroups = [
  'pair',
  'workload',
  'namespace',
  'team',
  'zones',
] as const satisfies readonly TransferGroup[]
