/** Money of transfers beside the lines of invoices that charge the same. */
import { addDecimals, difference } from '../../codecs/focus/index.ts'
import { duckdb } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { providerNames } from '../cloud-names.ts'
import type { TransferKind } from './price-list.ts'
import type { TransferRule } from './rules.ts'
import type { InvoiceLine, Transfers } from './schema.ts'

const dayUs = 86_400_000_000n

/** Whole days, UTC; undefined if the range has none. */
export function wholeDays({ from, to }: TimeSpan): TimeSpan | undefined {
  const days = { from: ((from + dayUs - 1n) / dayUs) * dayUs, to: (to / dayUs) * dayUs }
  return days.from < days.to ? days : undefined
}

export const dayOf = (us: bigint): string => new Date(Number(us / 1000n)).toISOString().slice(0, 10)

export type InvoiceRow = Readonly<{ list: number; kind: TransferKind; billed: string }>

/** Undefined: no list has patterns. A line counts for the first pattern that matches. */
export function invoiceSql(rules: readonly TransferRule[], days: TimeSpan): string | undefined {
  const { text, found } = duckdb
  const texts = ['sku', 'description', `json_extract_string(data, '$.SkuMeter')`]
  const parts = comparedLists(rules).map(({ list }, at) => {
    const cases = list.invoice.map(({ kind, pattern }) => {
      const matches = texts.map((column) => `coalesce(${found(column, pattern)}, false)`)
      return `WHEN ${matches.join(' OR ')} THEN ${text(kind)}`
    })
    const names = providerNames(list.provider.toLowerCase()).map((name) => text(name))
    return `SELECT ${at} AS list, CASE ${cases.join(' ')} END AS kind, billed FROM spend
      WHERE day >= ${text(dayOf(days.from))} AND day < ${text(dayOf(days.to))} AND currency = ${text(list.currency)}
      AND lower(provider) IN (${names.join(', ')})`
  })
  if (parts.length === 0) return undefined
  return `SELECT list, kind, sum(billed)::VARCHAR AS billed FROM (${parts.join(' UNION ALL ')})
      WHERE kind IS NOT NULL GROUP BY ALL ORDER BY list, kind`
}

/** One rule of each provider and currency: nothing distinguishes their lines. */
function comparedLists(rules: readonly TransferRule[]): readonly TransferRule[] {
  const withPatterns = rules.filter(({ list }) => list.invoice.length > 0)
  return [...new Map(withPatterns.map((rule) => [keyOf(rule), rule])).values()]
}

const keyOf = ({ list }: TransferRule) => `${list.provider.toLowerCase()} ${list.currency}`

/** `computed`: the currencies of the rules with the key of a compared list. */
export function invoiceLines(
  rows: readonly InvoiceRow[],
  rules: readonly TransferRule[],
  computed: (rules: readonly TransferRule[]) => Transfers['currencies'],
): readonly InvoiceLine[] {
  const lists = comparedLists(rules)
  return rows.flatMap(({ list: at, kind, billed }) => {
    const compared = lists[Number(at)]
    if (compared === undefined) return []
    const { provider, currency } = compared.list
    const sums = computed(rules.filter((rule) => keyOf(rule) === keyOf(compared)))
    const money = addDecimals(
      sums.flatMap(({ kinds }) => kinds.filter((part) => part.kind === kind).map(({ cost }) => cost)),
    )
    return [
      {
        provider,
        currency,
        kind,
        computed: money,
        invoiced: addDecimals([billed]),
        difference: difference(money, billed),
      },
    ]
  })
}
