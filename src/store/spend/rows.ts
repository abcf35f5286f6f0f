/** Rows of costs, and which of them count. */
import { cloudTypes } from '../../model/cloud.ts'
import { costColumns, costPath } from '../../model/cost-columns.ts'
import { quoted } from '../duck.ts'
import { eventsOf, textsIn } from '../kubernetes/events.ts'
import type { ViewInput } from '../read/views.ts'
import { hasCostColumns } from '../schema.ts'

type Names = ReadonlySet<string>

/** A table is computed once, a view for each of its uses. `empty`: earlier tables without rows, if that is known. */
type Step = Readonly<{ name: string; kind: 'table' | 'view'; sql: (empty: Names) => string }>

type Options = Readonly<{ where: string; columns: readonly string[] }>

const decimals = ['billed', 'effective', 'list'] as const
const flags = ['estimated', 'removed'] as const
const typedColumns: ReadonlySet<string> = new Set([...decimals, ...flags].map((name) => `cost_${name}`))
const texts = costColumns.filter((name) => !typedColumns.has(name)).map((name) => name.slice('cost_'.length))

const ofRow = ['key', 'time', 'time_received', '_source', '_epoch', '_sequence', '_row', 'data'].map(
  (name) => `r.${name}`,
)
const position = ['stored', 'e', 's', 'n', 'source_id']

function table(name: string, sql: string): Step {
  return { name, kind: 'table', sql: () => sql }
}

function view(name: string, sql: Step['sql']): Step {
  return { name, kind: 'view', sql }
}

/** Files of earlier versions have the columns in bodies only, which are parsed once. */
function storedRows(input: ViewInput, where: string): readonly Step[] {
  const isCost = `r.type = ${quoted(cloudTypes.cost)} AND ${where}`
  const later = { ...input, files: input.files.filter((file) => hasCostColumns(file) === true) }
  const earlier = { ...input, files: input.files.filter((file) => hasCostColumns(file) === false) }
  const all = [...ofRow, ...costColumns].join(', ')
  const costRows = `SELECT ${all} FROM (${eventsOf('cost', later)}) r WHERE ${isCost}`
  if (earlier.files.length === 0) return [view('cost_stored', () => costRows)]
  const parsed = `SELECT r.*, ${textsIn('r.data', costColumns.map(costPath))} AS t
      FROM (SELECT ${ofRow.join(', ')} FROM (${eventsOf('cost', earlier)}) r WHERE ${isCost}) r`
  const named = costColumns.map((name, index) => `t[${index + 1}] AS ${name}`)
  return [
    table('cost_parsed', `SELECT ${[...ofRow, ...named].join(', ')} FROM (${parsed}) r`),
    view('cost_stored', () => `${costRows} UNION ALL SELECT * FROM cost_parsed`),
  ]
}

/**
 * Casts to 18 digits take a tenth of the time. A cast rounds further decimals, so only short texts have it.
 * More than 17 digits before the point could exceed the sums of a view.
 */
function decimalOf(text: string): string {
  const isShort = `length(${text}) <= 11 OR strpos(${text}, '.') >= length(${text}) - 10`
  return `coalesce(CASE WHEN ${isShort} THEN TRY_CAST(${text} AS DECIMAL(18, 10))::DECIMAL(38, 18) END,
      TRY_CAST(${text} AS DECIMAL(35, 18))::DECIMAL(38, 18))`
}

/** Its rows are sums of those of other sources. */
const summary = 'cost-explorer'

/**
 * The last step has the newest row of each key. An account's month with rows of an invoice has only rows of the sources
 * of its invoices, and no estimates: invoices replace estimates, and are never added to them. Rows of Cost Explorer are
 * sums of the rows of reports: on a day with rows of another source of the account, only those remain.
 *
 * Most keys have one row. A window over all rows would need memory for all their columns.
 */
export function costSteps(input: ViewInput, { where, columns }: Options): readonly Step[] {
  const values = [
    ...texts.map((name) => `r.cost_${name} AS ${name}`),
    ...decimals.map((name) => `${decimalOf(`r.cost_${name}`)} AS ${name}`),
    'substr(r.cost_period_start, 1, 10) AS day',
    'substr(r.cost_period_start, 1, 7) AS month',
    `coalesce(r.cost_estimated = 'true', false) AS estimated`,
    ...columns,
  ].join(', ')
  const key = `md5_number(coalesce(key, '')) AS key_hash`
  const at = `time_received AS stored, _epoch AS e, _sequence AS s, _row AS n, _source AS source_id`
  return [
    ...storedRows(input, where),
    table('cost_repeated', `SELECT ${key} FROM cost_stored GROUP BY key_hash HAVING count(*) > 1`),
    table(
      'cost_last',
      `SELECT * FROM (SELECT ${key}, ${at} FROM cost_stored) WHERE key_hash IN (SELECT key_hash FROM cost_repeated)
        QUALIFY row_number() OVER (PARTITION BY key_hash
        ORDER BY ${position.map((name) => `${name} DESC`).join(', ')}) = 1`,
    ),
    view('cost_newest', (empty) =>
      empty.has('cost_last')
        ? `SELECT ${values} FROM cost_stored r WHERE r.cost_removed IS NULL`
        : `SELECT ${values} FROM (SELECT *, ${key}, ${at} FROM cost_stored) r LEFT JOIN cost_last l
            ON r.key_hash = l.key_hash WHERE r.cost_removed IS NULL AND (l.key_hash IS NULL
            OR (${position.map((name) => `r.${name} = l.${name}`).join(' AND ')}))`,
    ),
    table(
      'cost_closed',
      `SELECT provider, account, month, list(DISTINCT source) AS sources FROM cost_newest
        WHERE invoice IS NOT NULL AND NOT estimated GROUP BY ALL`,
    ),
    table(
      'cost_summaries',
      `SELECT DISTINCT provider, account, sub_account, day, source FROM cost_newest WHERE source = ${quoted(summary)}`,
    ),
    { name: 'cost_replaced', kind: 'table', sql: replaced },
    view('cost_counted', counted),
  ]
}

/** An empty join copies all columns, too. */
function counted(empty: Names): string {
  const joins = [
    empty.has('cost_closed')
      ? undefined
      : {
          sql: 'LEFT JOIN cost_closed c ON n.provider = c.provider AND n.account = c.account AND n.month = c.month',
          where: '(c.sources IS NULL OR (NOT n.estimated AND list_contains(c.sources, n.source)))',
        },
    empty.has('cost_replaced')
      ? undefined
      : {
          sql: `LEFT JOIN cost_replaced r ON n.source = r.source AND n.provider = r.provider AND n.account = r.account
            AND n.day = r.day AND n.sub_account IS NOT DISTINCT FROM r.sub_account`,
          where: 'r.provider IS NULL',
        },
  ].filter((join) => join !== undefined)
  return `SELECT n.* FROM cost_newest n ${joins.map(({ sql }) => sql).join(' ')}
      WHERE ${['true', ...joins.map(({ where }) => where)].join(' AND ')}`
}

function replaced(empty: Names): string {
  if (empty.has('cost_summaries')) return 'SELECT * FROM cost_summaries'
  return `SELECT DISTINCT s.* FROM cost_summaries s JOIN (SELECT DISTINCT provider, account, sub_account, day
      FROM cost_newest WHERE source <> ${quoted(summary)}) d ON d.provider = s.provider AND d.day = s.day
      AND ((d.account = s.account AND (s.sub_account IS NULL OR d.sub_account = s.sub_account))
      OR d.sub_account = s.account)`
}
