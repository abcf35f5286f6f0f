import { cloudTypes } from '../../model/cloud.ts'
import { quoted } from '../duck.ts'
import { eventsOf, textsIn } from '../kubernetes/events.ts'
import type { CachedTables } from '../read/file-cache.ts'
import type { Statement } from '../read/statement.ts'
import { position, type ViewInput } from '../read/views.ts'

export const spendTableNames = ['spend_days', 'spend_months'] as const
const viewNames = ['spend', ...spendTableNames] as const

/** Columns of the view that are texts, with their column of FOCUS. */
const texts = {
  provider: 'ProviderName',
  account: 'BillingAccountId',
  account_name: 'BillingAccountName',
  sub_account: 'SubAccountId',
  sub_account_name: 'SubAccountName',
  service: 'ServiceName',
  service_category: 'ServiceCategory',
  charge_category: 'ChargeCategory',
  description: 'ChargeDescription',
  region: 'RegionId',
  resource: 'ResourceId',
  resource_name: 'ResourceName',
  resource_type: 'ResourceType',
  sku: 'SkuId',
  currency: 'BillingCurrency',
  invoice: 'InvoiceId',
  tags: 'Tags',
  source: 'x_Source',
  period_start: 'ChargePeriodStart',
  period_end: 'ChargePeriodEnd',
  collected: 'x_CollectedAt',
} as const

const decimals = { billed: 'BilledCost', effective: 'EffectiveCost', list: 'ListCost' } as const

const paths = [...Object.values(texts), ...Object.values(decimals), 'x_Estimated', 'x_Removed']
const at = (column: string): string => `t[${paths.indexOf(column) + 1}]`

/** Its rows are sums of those of other sources. */
const summary = 'cost-explorer'

/** Aggregates have few bytes for each row, so that a month of millions of rows fits into memory. */
const bodyColumns = ['data', '_pos'] as const

/**
 * Newest row of each key. An account's month with rows of an invoice has only rows of the sources of its invoices, and
 * no estimates: invoices replace estimates, and are never added to them. Rows of Cost Explorer are sums of the rows of
 * reports: on a day with rows of another source of the account, only those remain.
 */
export function spendView(input: ViewInput, options: Readonly<{ where?: string; withBody?: boolean }> = {}): string {
  const { where = 'true', withBody = true } = options
  const body = withBody ? `, data, ${position(input)}` : ''
  const parsed = `SELECT md5_number(key) AS key_hash, time_received AS stored, _epoch AS e, _sequence AS s, _row AS n,
      ${textsIn(
        'data',
        paths.map((path) => `$.${path}`),
      )} AS t${body} FROM (${eventsOf('cost', input)}) r
      WHERE type = ${quoted(cloudTypes.cost)} AND ${where}`
  const columns = [
    ...Object.entries(texts).map(([name, column]) => `${at(column)} AS ${name}`),
    ...Object.entries(decimals).map(([name, column]) => `TRY_CAST(${at(column)} AS DECIMAL(38, 10)) AS ${name}`),
    `substr(${at('ChargePeriodStart')}, 1, 10) AS day`,
    `substr(${at('ChargePeriodStart')}, 1, 7) AS month`,
    `coalesce(${at('x_Estimated')} = 'true', false) AS estimated`,
    ...(withBody ? bodyColumns : []),
  ].join(', ')
  const newest = `SELECT ${columns} FROM (SELECT * FROM (${parsed})
      QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY stored DESC, e DESC, s DESC, n DESC) = 1)
      WHERE ${at('x_Removed')} IS NULL`
  return `WITH newest AS (${newest}), closed AS (SELECT provider, account, month, list(DISTINCT source) AS sources
      FROM newest WHERE invoice IS NOT NULL AND NOT estimated GROUP BY ALL), sums AS (SELECT DISTINCT provider,
      account, sub_account, day, source FROM newest WHERE source = ${quoted(summary)}), replaced AS
      (SELECT DISTINCT sums.* FROM sums JOIN (SELECT DISTINCT provider, account, sub_account, day FROM newest
      WHERE source <> ${quoted(summary)}) d ON d.provider = sums.provider AND d.day = sums.day
      AND ((d.account = sums.account AND (sums.sub_account IS NULL OR d.sub_account = sums.sub_account))
      OR d.sub_account = sums.account))
      SELECT n.* FROM newest n LEFT JOIN closed c
      ON n.provider = c.provider AND n.account = c.account AND n.month = c.month
      LEFT JOIN replaced r ON n.source = r.source AND n.provider = r.provider AND n.account = r.account
      AND n.day = r.day AND n.sub_account IS NOT DISTINCT FROM r.sub_account
      WHERE (c.sources IS NULL OR (NOT n.estimated AND list_contains(c.sources, n.source)))
      AND r.provider IS NULL`
}

const sums = 'sum(billed) AS billed, sum(effective) AS effective, sum(list) AS list, count(*) AS rows'
const groups = `month, provider, account, sub_account, service, service_category, charge_category, region, currency,
    estimated, source`
const names = 'max(account_name) AS account_name, max(sub_account_name) AS sub_account_name'

export const tableSql: Readonly<Record<(typeof spendTableNames)[number], (rows: string) => string>> = {
  spend_days: (rows) => `SELECT ${groups}, day, ${names}, ${sums} FROM ${rows} GROUP BY ${groups}, day`,
  spend_months: (rows) => `SELECT ${groups}, resource, max(resource_name) AS resource_name,
      max(resource_type) AS resource_type, tags, ${names}, ${sums} FROM ${rows} GROUP BY ${groups}, resource, tags`,
}

export function spendViews(
  { tables, reads }: Pick<Statement, 'tables' | 'reads'>,
  input: ViewInput,
  cached?: CachedTables,
): string {
  return viewNames
    .filter((name) => (reads ?? tables).has(name))
    .map((name) => {
      if (name === 'spend') return `; CREATE TEMP VIEW spend AS ${spendView(input)}`
      const sql =
        cached === undefined
          ? tableSql[name](`(${spendView(input, { withBody: false })})`)
          : `SELECT * FROM ${cached.database}.${name}`
      return `; CREATE TEMP VIEW ${name} AS ${sql}`
    })
    .join('')
}
