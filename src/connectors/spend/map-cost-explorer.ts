import type { GetCostAndUsageResponse } from '@aws-sdk/client-cost-explorer'
import { completed, decimalText, timeText } from '../../codecs/focus/index.ts'
import type { CostData } from '../../model/cloud.ts'
import { withoutUndefined } from '../../model/json.ts'
import type { ExplorerConfig } from './config.ts'
import { dayOf, type ExplorerState } from './source-budget.ts'

/** `x_Source` of the rows. Rows of any other source replace those of the same day. */
export const explorerSource = 'cost-explorer'

const dayMs = 86_400_000
/** Recent days change. */
const lateDays = 3
/** A month is final some days after its end. */
const closingDays = 15

export type ExplorerSpan = Readonly<{
  /** Days; `end` is exclusive. */
  start: string
  end: string
  /** The month before today, and its first day. */
  month: string
  monthStart: string
  /** The month before is read as a whole, and its end as well. */
  hasMonth: boolean
}>

/** The last three days, those since the last reading, and once a day the month that just closed until it is final. */
export function spanOf(now: number, state: ExplorerState, backfillMs: number): ExplorerSpan {
  const today = dayOf(now)
  const day = (text: string, more: number) => dayOf(Date.parse(`${text}T00:00:00Z`) + more * dayMs)
  const monthStart = dayOf(Date.UTC(Number(today.slice(0, 4)), Number(today.slice(5, 7)) - 2, 1))
  const month = monthStart.slice(0, 7)
  const isClosing = state.closed < month && Number(today.slice(8)) <= closingDays && state.monthRead !== today
  const earliest = [
    day(today, -lateDays),
    state.through === '' ? dayOf(now - backfillMs) : day(state.through, -lateDays),
    ...(isClosing ? [monthStart] : []),
  ]
  const start = earliest.reduce((least, day) => (day < least ? day : least))
  return { start, end: day(today, 1), month, monthStart, hasMonth: start <= monthStart }
}

const columns: Readonly<Record<ExplorerConfig['group_by'][number], string>> = {
  SERVICE: 'ServiceName',
  REGION: 'RegionId',
  LINKED_ACCOUNT: 'SubAccountId',
  USAGE_TYPE: 'SkuId',
}

type Around = Readonly<{ account: string; groupBy: ExplorerConfig['group_by']; collected: number }>

/** Rows of one page. Throws a CostRowError. */
export function explorerRows(page: GetCostAndUsageResponse, { account, groupBy, collected }: Around): CostData[] {
  const names = new Map(
    page.DimensionValueAttributes?.map((dimensionValueAttribute) => [
      dimensionValueAttribute.Value,
      dimensionValueAttribute.Attributes?.['description'],
    ]),
  )
  const rows: CostData[] = []
  for (const { TimePeriod: period, Estimated: estimated = true, Groups: groups = [] } of page.ResultsByTime ?? [])
    for (const { Keys: keys = [], Metrics: metrics = {} } of groups) {
      const amount = (name: string) => decimalText(metrics[name]?.Amount ?? '')
      const [billed, effective] = [amount('UnblendedCost'), amount('AmortizedCost')]
      if (billed === '0' && (effective ?? '0') === '0') continue
      const of = Object.fromEntries(groupBy.map((dimension, at) => [columns[dimension], valueOf(keys[at])]))
      const name = names.get(of['SubAccountId'] ?? '')
      rows.push(
        completed(
          withoutUndefined<Record<string, string | null>>({
            ProviderName: 'AWS',
            BillingAccountId: account,
            BillingCurrency: metrics['UnblendedCost']?.Unit ?? null,
            ...of,
            SubAccountName: name,
            BilledCost: billed ?? null,
            EffectiveCost: effective ?? null,
            ChargePeriodStart: timeText(period?.Start ?? '') ?? null,
            ChargePeriodEnd: timeText(period?.End ?? '') ?? null,
          }),
          { source: explorerSource, collected, estimated },
        ),
      )
    }
  return rows
}

/** `NoRegion`, `NoUsageType` */
function valueOf(key: string | undefined): string | null {
  return key === undefined || key === '' || /^No[A-Z]/.test(key) ? null : key
}
