import type { CostData } from '../../model/cloud.ts'
import { isRecord, textOf } from '../../model/json.ts'
import { CostRowError } from './cells.ts'
import { completed, type CostOrigin } from './row.ts'
import { decimalText, monthOf, timeText } from './values.ts'

const provider = { ProviderName: 'DigitalOcean', BillingCurrency: 'USD' } as const

type Rows = Readonly<{ rows: readonly CostData[]; rejected: readonly string[] }>

function mapped(items: unknown, row: (item: Readonly<Record<string, unknown>>) => CostData): Rows {
  const rows: CostData[] = []
  const rejected: string[] = []
  for (const item of Array.isArray(items) ? items : [])
    try {
      if (!isRecord(item)) throw new CostRowError('The item is not an object.')
      rows.push(row(item))
    } catch (error) {
      if (!(error instanceof CostRowError)) throw error
      rejected.push(error.message)
    }
  return { rows, rejected }
}

/** `data_points` of billing insights: an estimate for each day, region and SKU. */
export function insightCosts(points: unknown, origin: Readonly<{ collected: number }>): Rows {
  return mapped(points, (point) =>
    completed(
      {
        ...provider,
        ...texts(point, {
          BillingAccountId: 'usage_team_urn',
          RegionId: 'region',
          SkuId: 'sku',
          ChargeDescription: 'description',
          ServiceName: 'group_description',
        }),
        BilledCost: amountOf(point['total_amount']),
        ChargePeriodStart: timeOf(point['start_date']),
      },
      { source: 'insights', estimated: true, ...origin },
    ),
  )
}

export type InvoiceOrigin = Readonly<{
  account: string
  invoice: string
  /** `YYYY-MM` */
  period: string
  /** True for the running month: its items are estimates. */
  isPreview: boolean
  /** Unix ms. */
  collected: number
}>

/** `invoice_items`. Amounts that are no decimals are rejected, with the reason. */
export function invoiceCosts(items: unknown, invoice: InvoiceOrigin): Rows {
  return mapped(items, (item) => invoiceRow(item, invoice))
}

const categories: Readonly<Record<string, string>> = { taxes: 'Tax', credits_and_adjustments: 'Credit' }

/** Taxes and credits of an invoice's summary, which are not among its items. */
export function summaryCosts(summary: unknown, invoice: InvoiceOrigin): Rows {
  const parts = isRecord(summary) ? summary : {}
  const items = Object.entries(categories).flatMap(([name, category]) => {
    const part = parts[name]
    if (!isRecord(part) || scaledIsZero(part['amount'])) return []
    const title = textOf(part['name']) ?? name
    return [{ amount: part['amount'], product: title, description: title, ChargeCategory: category }]
  })
  return mapped(items, (item) => invoiceRow(item, invoice))
}

function scaledIsZero(amount: unknown): boolean {
  return amount === undefined || decimalText(textOf(amount) ?? '') === '0'
}

function invoiceRow(item: Readonly<Record<string, unknown>>, invoice: InvoiceOrigin): CostData {
  const [start, end] = monthOf(`${invoice.period}-01T00:00:00Z`)
  const from: CostOrigin = { source: 'invoice', collected: invoice.collected, estimated: invoice.isPreview }
  const quantity = textOf(item['duration'])
  return completed(
    {
      ...provider,
      BillingAccountId: invoice.account,
      ...texts(item, {
        SubAccountName: 'project_name',
        SubAccountId: 'project_name',
        ServiceName: 'product',
        ChargeDescription: 'description',
        ChargeCategory: 'ChargeCategory',
        ConsumedUnit: 'duration_unit',
      }),
      ResourceId: textOf(item['resource_uuid']) ?? textOf(item['resource_id']) ?? null,
      ConsumedQuantity: quantity === undefined ? null : (decimalText(quantity) ?? null),
      BilledCost: amountOf(item['amount']),
      BillingPeriodStart: start,
      BillingPeriodEnd: end,
      ChargePeriodStart: textOf(item['start_time']) === undefined ? start : timeOf(item['start_time']),
      ChargePeriodEnd: textOf(item['end_time']) === undefined ? end : timeOf(item['end_time']),
      ...(invoice.isPreview ? {} : { InvoiceId: invoice.invoice }),
    },
    from,
  )
}

function texts(
  item: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(names).map(([column, name]) => [column, textOf(item[name]) ?? null]))
}

function amountOf(written: unknown): string {
  const amount = decimalText(textOf(written) ?? '')
  if (amount === undefined) throw new CostRowError(`The amount \`${textOf(written) ?? ''}\` is not a decimal.`)
  return amount
}

function timeOf(written: unknown): string {
  const time = timeText(textOf(written) ?? '')
  if (time === undefined) throw new CostRowError(`The time \`${textOf(written) ?? ''}\` is not valid.`)
  return time
}
