/** Response of /api/v1/spend. Costs are exact decimals as text. */
import type { SpendForecast, SpendMovers } from '../../../src/api/published.ts'
import { request, type Query } from './client.ts'

export type { BudgetState, CurrencyForecast, Mover, SpendForecast, SpendMovers } from '../../../src/api/published.ts'

export type SpendGroup = Readonly<{
  /** null: the charge has none. */
  value: string | null
  name: string | null
  cost: string
  /** The part that may still change. */
  estimated: string
}>

export type SpendCurrency = Readonly<{
  currency: string
  cost: string
  estimated: string
  groups: readonly SpendGroup[]
  others: Readonly<{ groups: number; cost: string; estimated: string }>
  buckets: readonly Readonly<{
    /** A day or a month. */
    start: string
    cost: string
    estimated: string
    /** Of each of `groups` and of the rest. */
    costs: readonly string[]
  }>[]
}>

export type SpendSums = Readonly<{
  span: Readonly<{ from: string; to: string }>
  by: string
  currencies: readonly SpendCurrency[]
}>

export function readSpend(query: Query, signal: AbortSignal): Promise<SpendSums> {
  return request('/api/v1/spend', { query, signal })
}

export function readForecast(query: Query, signal: AbortSignal): Promise<SpendForecast> {
  return request('/api/v1/spend/forecast', { query, signal })
}

export function readMovers(query: Query, signal: AbortSignal): Promise<SpendMovers> {
  return request('/api/v1/spend/movers', { query, signal })
}
