import type { SpendForecast, SpendMovers, SpendSums, SpendTags } from '../../../../src/topics/spend/schema.ts'
import type { Transfers } from '../../../../src/topics/transfers/schema.ts'
import { request, type Query } from '../../api/client.ts'
import type { Days } from './days.ts'
import type { TransferGroup } from './transfer-groups.ts'

export type { Transfers }

export type {
  BudgetState,
  CurrencyForecast,
  Mover,
  SpendForecast,
  SpendMovers,
  SpendSums,
  SpendTags,
} from '../../../../src/topics/spend/schema.ts'

export type SpendCurrency = SpendSums['currencies'][number]
export type SpendGroup = SpendCurrency['groups'][number]

/** Response of /api/v1/spend. Costs are exact decimals as text. */
export function readSpend(query: Query, signal: AbortSignal): Promise<SpendSums> {
  return request('/api/v1/spend', { query, signal })
}

export function readForecast(query: Query, signal: AbortSignal): Promise<SpendForecast> {
  return request('/api/v1/spend/forecast', { query, signal })
}

export function readMovers(query: Query, signal: AbortSignal): Promise<SpendMovers> {
  return request('/api/v1/spend/movers', { query, signal })
}

/** Parameters of the transfers of whole days. */
export const transfersOf = ({ from, to }: Days, by: TransferGroup, limit: number): Query => ({
  by,
  from: `${from}T00:00:00Z`,
  to: `${to}T00:00:00Z`,
  limit,
})

export function readTransfers(query: Query, signal: AbortSignal): Promise<Transfers> {
  return request('/api/v1/transfers', { query, signal })
}

export function readTags(query: Query, signal: AbortSignal): Promise<SpendTags> {
  return request('/api/v1/spend/tags', { query, signal })
}
