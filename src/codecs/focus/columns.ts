/** Columns of FOCUS 1.2, https://focus.finops.org/focus-specification/v1-2/ */

type ColumnKind = 'decimal' | 'time' | 'text' | 'tags'

export type FocusColumn = Readonly<{
  name: string
  kind: ColumnKind
  /** Every export has the column. */
  mandatory?: true
  /** Never null. */
  required?: true
}>

const required = { mandatory: true, required: true } as const

export const focusColumns: readonly FocusColumn[] = [
  ...['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'].map(
    (name) => ({ name, kind: 'decimal', ...required }) as const,
  ),
  { name: 'BillingCurrency', kind: 'text', ...required },
  { name: 'BillingAccountId', kind: 'text', ...required },
  { name: 'BillingAccountName', kind: 'text', mandatory: true },
  ...['SubAccountId', 'SubAccountName'].map((name) => ({ name, kind: 'text' }) as const),
  ...['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'].map(
    (name) => ({ name, kind: 'time', ...required }) as const,
  ),
  { name: 'ChargeCategory', kind: 'text', ...required },
  { name: 'ChargeClass', kind: 'text', mandatory: true },
  { name: 'ChargeDescription', kind: 'text', mandatory: true },
  { name: 'ChargeFrequency', kind: 'text' },
  ...['ProviderName', 'PublisherName', 'InvoiceIssuerName', 'ServiceName', 'ServiceCategory'].map(
    (name) => ({ name, kind: 'text', ...required }) as const,
  ),
  ...['RegionId', 'RegionName', 'ResourceId', 'ResourceName', 'ResourceType', 'SkuId', 'SkuMeter', 'SkuPriceId'].map(
    (name) => ({ name, kind: 'text' }) as const,
  ),
  { name: 'PricingQuantity', kind: 'decimal', mandatory: true },
  { name: 'PricingUnit', kind: 'text', mandatory: true },
  { name: 'ConsumedQuantity', kind: 'decimal' },
  { name: 'ConsumedUnit', kind: 'text' },
  { name: 'ListUnitPrice', kind: 'decimal' },
  { name: 'ContractedUnitPrice', kind: 'decimal' },
  ...['PricingCategory', 'CommitmentDiscountId', 'CommitmentDiscountType', 'CommitmentDiscountStatus'].map(
    (name) => ({ name, kind: 'text' }) as const,
  ),
  { name: 'InvoiceId', kind: 'text' },
  { name: 'Tags', kind: 'tags' },
]

/** Own columns. `x_Estimated` is `true` or `false`; `x_Removed`: the source no longer has the row. */
export const ownColumns = [
  'x_Estimated',
  'x_Source',
  'x_File',
  'x_CollectedAt',
  'x_FocusVersion',
  'x_Removed',
  'x_RowKey',
] as const

export const chargeCategories = ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'] as const

/** Names of later versions. */
export const renamedColumns: Readonly<Record<string, string>> = {
  ServiceProviderName: 'ProviderName',
  HostProviderName: 'PublisherName',
}

/** Columns of AWS cost and usage reports, in the spelling of CSV; Parquet has `line_item_unblended_cost`. */
export const curColumns: Readonly<Record<string, string>> = {
  BilledCost: 'lineItem/UnblendedCost',
  EffectiveCost: 'lineItem/NetUnblendedCost',
  BillingCurrency: 'lineItem/CurrencyCode',
  BillingAccountId: 'bill/PayerAccountId',
  SubAccountId: 'lineItem/UsageAccountId',
  BillingPeriodStart: 'bill/BillingPeriodStartDate',
  BillingPeriodEnd: 'bill/BillingPeriodEndDate',
  ChargePeriodStart: 'lineItem/UsageStartDate',
  ChargePeriodEnd: 'lineItem/UsageEndDate',
  ChargeCategory: 'lineItem/LineItemType',
  ChargeDescription: 'lineItem/LineItemDescription',
  ServiceName: 'lineItem/ProductCode',
  RegionId: 'product/region',
  ResourceId: 'lineItem/ResourceId',
  SkuId: 'product/sku',
  SkuMeter: 'lineItem/UsageType',
  ConsumedQuantity: 'lineItem/UsageAmount',
  ConsumedUnit: 'pricing/unit',
  InvoiceId: 'bill/InvoiceId',
}

/** `lineItem/UsageType` → `line_item_usage_type` */
export function curParquetName(name: string): string {
  return name
    .replaceAll('/', '_')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
}

/** Types of the lines of AWS reports that are not usage. */
export const curCategories: Readonly<Record<string, string>> = {
  Tax: 'Tax',
  Credit: 'Credit',
  Refund: 'Adjustment',
  Fee: 'Purchase',
  RIFee: 'Purchase',
  SavingsPlanUpfrontFee: 'Purchase',
  SavingsPlanRecurringFee: 'Purchase',
}
