/**
 * Events of reports and of pods, without the bodies of packages and problems. The bodies of an hour are most of its
 * file, so that queries read these rows from memory once the hour is over. A million packages take some 12 MB there.
 */
import { columnsOfPart, insightTypes, severities } from '../../model/image-insights.ts'
import { fileList } from '../duck.ts'
import { eventsOf, partsOfRef, textsIn, timestampSql } from '../kubernetes/events.ts'
import { cachedSql, compressedTables, inParts } from '../read/compressed-table.ts'
import { cachePrefix, type CacheKind, type CacheLease } from '../read/file-cache.ts'
import type { ViewInput } from '../read/views.ts'
import type { StoredFile } from '../record.ts'
import { columnsOfInsights, hasColumn, insightColumns } from '../schema.ts'

export interface CachedInsights {
  readonly database: string
  readonly bytes: number
}

const families = ['package', 'problem', 'fact', 'resource'] as const
type InsightFamily = (typeof families)[number]

/** By family. Cached facts are reports, waivers and feeds. */
export type CachedInsightRows = Readonly<{
  names: ReadonlySet<string>
  sql: Readonly<Record<InsightFamily | 'counts', string | undefined>>
}>

const event = ['type', 'key', 'data', 'source', 'time', 'ref', '_source', '_epoch', '_sequence', '_row'] as const

const columnsOf: Readonly<Record<InsightFamily, readonly string[]>> = {
  package: ['insight_report', ...columnsOfPart('packages')],
  problem: ['key', ...insightColumns],
  fact: [...event, 'insight_report', 'insight_value'],
  resource: event,
}

const computed: Readonly<Partial<Record<InsightFamily, readonly string[]>>> = {
  problem: ['severity_rank', 'score'],
  resource: ['since', 'state', 'phase', 'owner_kind', 'owner_name'],
}

export function withRanks(problems: string): string {
  return `SELECT *, ${severityRank('insight_severity')} AS severity_rank, TRY_CAST(insight_score AS DOUBLE) AS score
      FROM (${problems})`
}

function withComputed(family: InsightFamily, rows: string): string {
  if (family === 'problem') return withRanks(rows)
  if (family !== 'resource') return rows
  const texts = textsIn('data', ['$.since', '$.state', '$.phase', '$.owners[0].kind', '$.owners[0].name'])
  return `SELECT * EXCLUDE (t), ${timestampSql('t[1]')} AS since, t[2] AS state, t[3] AS phase, t[4] AS owner_kind,
      t[5] AS owner_name FROM (SELECT *, ${texts} AS t FROM (${rows}))`
}

/** First keys of their lists in the API: a page and a search by name read few blocks of rows. */
const orders: Readonly<Partial<Record<InsightFamily, string>>> = {
  package: 'insight_name, insight_version',
  problem: 'severity_rank, score DESC, insight_id',
}

/** Kinds of the way from a pod to its workload. */
export const podKinds = "('Pod', 'ReplicaSet', 'Job')"
const types = `('${insightTypes.report}', '${insightTypes.waiver}', '${insightTypes.feed}')`

/** Rows that are cached, and the file columns that files of their family may lack. */
function cachedOf(family: InsightFamily, files: string, first: number, has: (column: string) => boolean): string {
  const text = (name: string): string =>
    has(name) || !(insightColumns as readonly string[]).includes(name) ? `r."${name}"` : `NULL::VARCHAR AS "${name}"`
  const chosen = {
    package: 'true',
    problem: 'true',
    fact: `r.type IN ${types}${has('insight_report') ? ` AND ${isCurrentFeed(files)}` : ''}`,
    resource: `${partsOfRef.kind} IN ${podKinds}`,
  }[family]
  const rows = `SELECT (file_index + ${first})::UINTEGER AS file, ${columnsOf[family].map(text).join(', ')}
      FROM read_parquet(${files}, union_by_name = true) r WHERE r.family = '${family}' AND ${chosen}`
  const computedRows = withComputed(family, rows)
  if (family === 'resource')
    return `SELECT * REPLACE (json_object('images', json_extract(data, '$.images')) AS data) FROM (${computedRows})`
  return orders[family] === undefined ? computedRows : `${computedRows} ORDER BY ${orders[family]}`
}

/** Of feeds, which are large, only the newest complete one of the files and those since count. */
function isCurrentFeed(files: string): string {
  const ends = `SELECT key, max(time) AS since FROM read_parquet(${files}, union_by_name = true) WHERE family = 'fact'
      AND type = '${insightTypes.feed}' AND insight_value = 'complete' GROUP BY key`
  return `(r.type <> '${insightTypes.feed}'
      OR coalesce(r.time >= (SELECT map(list(key), list(since)) FROM (${ends}))[r.key], true))`
}

/** Without them, the rows of pods are not worth their memory. */
export function hasImages({ families: present = [] }: StoredFile): boolean {
  return present.includes('package') || present.includes('problem')
}

export function insightsCacheKind(directory: string): CacheKind<CachedInsights> {
  let made = 0
  return {
    stream: 'events',
    fits: (file) => families.some((family) => file.families?.includes(family) === true),
    async read(connection, files) {
      const database = `${cachePrefix}insights_${++made}`
      const queriesOf = (family: InsightFamily): readonly string[] =>
        inParts(files, (storedFiles, first) => {
          const paths = fileList(storedFiles.map(({ name }) => `${directory}/${name}`))
          const present = new Set(
            columnsOfInsights
              .filter((column) => storedFiles.some((file) => hasColumn(file, column)))
              .map(({ name }) => name),
          )
          return cachedOf(family, paths, first, (column) => present.has(column))
        })
      const tables = Object.fromEntries(families.map((family) => [family, queriesOf(family)]))
      const counts = partFamilies.map((family) => countsOf(family, `${database}.${family}`, 'file, '))
      const { bytes } = await compressedTables(connection, database, { ...tables, counts }, () => Promise.resolve())
      return { database, bytes }
    },
    drop: async (connection, { database }) => {
      await connection.run(`DETACH ${database}`)
    },
  }
}

const partFamilies = ['package', 'problem'] as const

function countsOf(family: InsightFamily, rows: string, by = ''): string {
  return `SELECT ${by}'${family}' AS family, insight_report AS report, count(*) AS rows FROM ${rows}
      GROUP BY ${by}insight_report`
}

function columnList(family: InsightFamily): string {
  return [...columnsOf[family], ...(computed[family] ?? [])].map((name) => `"${name}"`).join(', ')
}

export function cachedInsights({ names, parts }: CacheLease<CachedInsights>): CachedInsightRows {
  const sqlOf = (family: InsightFamily): string | undefined => cachedSql(columnList(family), parts, family)
  return {
    names,
    sql: {
      package: sqlOf('package'),
      problem: sqlOf('problem'),
      fact: sqlOf('fact'),
      resource: sqlOf('resource'),
      counts: cachedSql('family, report, rows', parts, 'counts'),
    },
  }
}

function stored(family: InsightFamily, input: ViewInput, cached: CachedInsightRows | undefined): string {
  const files = input.files.filter(({ name }) => cached?.names.has(name) !== true)
  return withComputed(family, eventsOf(family, { ...input, files }))
}

/** Events of the family, with the columns that its views need. */
export function insightEvents(family: InsightFamily, input: ViewInput, cached?: CachedInsightRows): string {
  const rows = `SELECT ${columnList(family)} FROM (${stored(family, input, cached)})`
  const sql = cached?.sql[family]
  return sql === undefined ? rows : `${sql} UNION ALL ${rows}`
}

/** `report`, `rows`: several rows of a report add up. */
export function countsOfReports(
  family: (typeof partFamilies)[number],
  input: ViewInput,
  cached?: CachedInsightRows,
): string {
  const rows = countsOf(family, `(${stored(family, input, cached)})`)
  const all = cached?.sql.counts === undefined ? rows : `${cached.sql.counts} UNION ALL ${rows}`
  return `SELECT report, rows FROM (${all}) WHERE family = '${family}'`
}

/** 1: critical. */
function severityRank(column: string): string {
  const list = severities.map((severity) => `'${severity}'`).join(', ')
  return `coalesce(list_position([${list}], ${column}), ${severities.length})::UTINYINT`
}
