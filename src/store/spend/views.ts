import type { CachedTables } from '../read/file-cache.ts'
import type { Statement } from '../read/statement.ts'
import { position, type ViewInput } from '../read/views.ts'
import { costSteps } from './rows.ts'

export const spendTableNames = ['spend_days', 'spend_months'] as const
const viewNames = ['spend', ...spendTableNames] as const

/** All costs that count, with their bodies. */
export function spendView(input: ViewInput): string {
  const steps = costSteps(input, { where: 'true', columns: ['r.data', position(input)] })
  const named = steps.map(
    ({ name, kind, sql }) => `${name} AS ${kind === 'view' ? 'NOT ' : ''}MATERIALIZED (${sql(new Set())})`,
  )
  return `WITH ${named.join(', ')} SELECT * FROM cost_counted`
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
        cached === undefined ? tableSql[name](`(${spendView(input)})`) : `SELECT * FROM ${cached.database}.${name}`
      return `; CREATE TEMP VIEW ${name} AS ${sql}`
    })
    .join('')
}
