import { insightTypes } from '../../model/image-insights.ts'
import { eventsOf, textsIn } from '../kubernetes/events.ts'
import type { ViewInput } from '../read/views.ts'
import { insightEvents, type CachedInsightRows } from './rows.ts'

/** Lists of which a report may have some. */
export type ReportPart = 'packages' | 'problems' | 'facts'

const order = 'time, _epoch, _sequence, _row'

/**
 * Complete reports: `report`, `image`, `ref`, `source`, `valid_from`, `valid_to`, `number` of its `versions`. A report
 * replaces the one before of the same image and tool. With `part`, only reports that have that list count.
 */
export function reportsSql(input: ViewInput, part?: ReportPart, cached?: CachedInsightRows): string {
  const texts = textsIn('data', [
    '$.tool.name',
    '$.tool.version',
    '$.format',
    '$.packages',
    '$.problems',
    '$.facts',
    '$.sha256',
    '$.image.name',
  ])
  const rows = `SELECT key AS image, source, ref, data, time, insight_report AS report, ${texts} AS t, _source, _epoch,
      _sequence, _row FROM (${insightEvents('fact', input, cached)})
      WHERE type = '${insightTypes.report}' AND key IS NOT NULL`
  const has = { packages: 't[4]', problems: 't[5]', facts: 't[6]' }
  const chosen = part === undefined ? '' : ` WHERE ${has[part]} IS NOT NULL`
  const by = 'PARTITION BY image, source'
  return `SELECT report, image, source, ref, data, t, _source, _epoch, _sequence, _row, time AS valid_from,
      lead(time) OVER (${by} ORDER BY ${order}) AS valid_to, row_number() OVER (${by} ORDER BY ${order}) AS number,
      count(*) OVER (${by}) AS versions FROM (${rows})${chosen}`
}

/**
 * Rows of the parts of reports with `valid_from` and `valid_to`: from the first report that has the row until the first
 * later one that lacks it. Most images have one report, so that their rows need no window.
 *
 * `columns`: of the events of a `family`; `subject` identifies a row in its report.
 */
export function partsSql(input: ViewInput, { family, type, part, columns, identity = [] }: PartOptions): string {
  const names = ['key', 'source', 'ref', 'subject', 'data', 'insight_report', ...columns]
  // Each text column that the scan reads costs much of it. Reports have ids of their own, and only they have parts.
  const ofType = family === 'fact' ? ` WHERE type = '${type}'` : ''
  const rows = `SELECT ${names.map((name) => `"${name}"`).join(', ')} FROM (${eventsOf(family, input)})${ofType}`
  const reports = reportsSql(input, part)
  const joined = (which: string): string =>
    `(${rows}) p JOIN (SELECT * FROM (${reports}) WHERE ${which}) r ON p.insight_report = r.report`
  const tool = 'r.t[1] AS tool, r.t[2] AS tool_version'
  const own = names
    .map((name) => (name === 'key' ? 'r.image AS key' : name === 'source' ? 'r.source' : `p."${name}"`))
    .join(', ')
  const single = `SELECT ${own}, ${tool}, r.valid_from, r.valid_to FROM ${joined('versions = 1')}`
  const partition = ['r.image', 'r.source', 'p.subject', ...identity.map((name) => `p.${name}`)]
  // A run of reports with the row; numbers of a run have the same distance from its own numbers.
  const same = ['key', 'source', 'subject', ...identity]
  const runs = `SELECT ${own}, ${tool}, r.valid_from, r.valid_to, r.number,
      r.number - row_number() OVER (PARTITION BY ${partition.join(', ')} ORDER BY r.number) AS run
      FROM ${joined('versions > 1')}`
  const last = (name: string): string => `arg_max("${name}", number) AS "${name}"`
  const rest = [...names.filter((name) => !same.includes(name)), 'tool', 'tool_version']
  const merged = `SELECT ${names
    .map((name) => (rest.includes(name) ? last(name) : `"${name}"`))
    .join(', ')}, ${last('tool')}, ${last('tool_version')}, min(valid_from) AS valid_from,
      CASE WHEN bool_or(valid_to IS NULL) THEN NULL ELSE max(valid_to) END AS valid_to
      FROM (${runs}) GROUP BY ${same.join(', ')}, run`
  return `${single} UNION ALL ${merged}`
}

type PartOptions = Readonly<{
  family: 'package' | 'problem' | 'fact'
  type: string
  part: ReportPart
  columns: readonly string[]
  /** Columns that identify a row besides its subject. */
  identity?: readonly string[]
}>

/** Name in `image:<name>@<digest>` or `@lagoon:…`; NULL without a name. */
export function imageNameSql(ref: string): string {
  return `nullif(regexp_extract(${ref}, '^image:(.+)@(?:sha256|lagoon):', 1), '')`
}
