import { bodyOf } from './audit-columns.ts'
import { cloudTypes } from './cloud.ts'
import type { WeirEvent } from './events.ts'

/** Columns of event files with their member of the body, a column of FOCUS. Numbers are permanent: append only. */
export const costMembers = {
  cost_provider: 'ProviderName',
  cost_account: 'BillingAccountId',
  cost_account_name: 'BillingAccountName',
  cost_sub_account: 'SubAccountId',
  cost_sub_account_name: 'SubAccountName',
  cost_service: 'ServiceName',
  cost_service_category: 'ServiceCategory',
  cost_charge_category: 'ChargeCategory',
  cost_description: 'ChargeDescription',
  cost_region: 'RegionId',
  cost_resource: 'ResourceId',
  cost_resource_name: 'ResourceName',
  cost_resource_type: 'ResourceType',
  cost_sku: 'SkuId',
  cost_currency: 'BillingCurrency',
  cost_invoice: 'InvoiceId',
  cost_tags: 'Tags',
  cost_source: 'x_Source',
  cost_period_start: 'ChargePeriodStart',
  cost_period_end: 'ChargePeriodEnd',
  cost_collected: 'x_CollectedAt',
  cost_billed: 'BilledCost',
  cost_effective: 'EffectiveCost',
  cost_list: 'ListCost',
  cost_estimated: 'x_Estimated',
  cost_removed: 'x_Removed',
} as const

export type CostColumn = keyof typeof costMembers
export const costColumns = Object.keys(costMembers) as readonly CostColumn[]

/** SQL path of a column in the JSON. */
export function costPath(column: CostColumn): string {
  return `$.${costMembers[column]}`
}

/** Texts of a cost event by column; undefined for other events. */
export function costFieldsOf(event: WeirEvent): Readonly<Partial<Record<CostColumn, string>>> | undefined {
  if (event.type !== cloudTypes.cost) return undefined
  const body = bodyOf(event)
  const fields: Partial<Record<CostColumn, string>> = {}
  for (const column of costColumns) {
    const value = body[costMembers[column]]
    if (typeof value === 'string') fields[column] = value
    else if (value !== undefined && value !== null) fields[column] = JSON.stringify(value)
  }
  return fields
}
