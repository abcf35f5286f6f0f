/**
 * Events of reports and of pods, without the bodies of packages and problems. The bodies of an hour are most of its
 * file, so that queries read these rows from memory once the hour is over.
 */
import { insightTypes, severities } from '../../model/image-insights.ts'
import { fileList } from '../duck.ts'
import { eventsOf, partsOfRef } from '../kubernetes/events.ts'
import { cachedSql, compressedTable, inParts } from '../read/compressed-table.ts'
import { cachePrefix, type CacheKind, type CacheLease, type CachedRows } from '../read/file-cache.ts'
import type { ViewInput } from '../read/views.ts'
import type { StoredFile } from '../record.ts'
import { hasColumn, insightColumns, type FileColumn } from '../schema.ts'

export interface CachedInsights {
  readonly database: string
  readonly bytes: number
}

const families = ['package', 'problem', 'fact', 'resource'] as const
type InsightFamily = (typeof families)[number]

const reportColumn: FileColumn = { name: 'insight_report', type: 'VARCHAR', since: Infinity, bit: 64 }
const origin = ['source', 'time', 'ref', '_source', '_epoch', '_sequence', '_row'] as const
const columns = ['family', 'type', 'key', 'data', ...origin, ...insightColumns].map((name) => `"${name}"`).join(', ')

/** Kinds of the way from a pod to its workload. */
export const podKinds = "('Pod', 'ReplicaSet', 'Job')"
const types = `('${insightTypes.report}', '${insightTypes.waiver}', '${insightTypes.feed}')`

/** Of the objects of a pod's way to its workload. */
const bodyOfObject = `json_object(${['since', 'state', 'phase', 'owners', 'images']
  .map((name) => `'${name}', json_extract(r.data, '$.${name}')`)
  .join(', ')})`

/** Rows that are cached, and the file columns that files of their family may lack. */
function cachedOf(files: string, first: number, withInsights: boolean): string {
  const isPart = "r.family IN ('package', 'problem')"
  const text = (name: string): string =>
    (insightColumns as readonly string[]).includes(name)
      ? withInsights
        ? `r.${name}`
        : `NULL::VARCHAR AS ${name}`
      : `r."${name}"`
  return `SELECT (file_index + ${first})::UINTEGER AS file, r.family, r.type, r.key,
      CASE WHEN r.family = 'fact' THEN r.data WHEN r.family = 'resource' THEN ${bodyOfObject} END AS data,
      ${origin.map((name) => `CASE WHEN NOT ${isPart} THEN r."${name}" END AS "${name}"`).join(', ')},
      ${insightColumns.map(text).join(', ')} FROM read_parquet(${files}, union_by_name = true) r
      WHERE ${isPart} OR (r.family = 'fact' AND r.type IN ${types}${withInsights ? ` AND ${isCurrentFeed(files)}` : ''})
      OR (r.family = 'resource' AND ${partsOfRef.kind} IN ${podKinds})`
}

/** Of feeds, which are large, only the newest complete one of the files and those since count. */
function isCurrentFeed(files: string): string {
  const ends = `SELECT key, max(time) AS since FROM read_parquet(${files}, union_by_name = true) WHERE family = 'fact'
      AND type = '${insightTypes.feed}' AND insight_value = 'complete' GROUP BY key`
  return `(r.type <> '${insightTypes.feed}'
      OR coalesce(r.time >= (SELECT map(list(key), list(since)) FROM (${ends}))[r.key], true))`
}

/** Without them, the rows of pods are not worth their memory. */
export function hasImages({ families: some = [] }: StoredFile): boolean {
  return some.includes('package') || some.includes('problem')
}

export function insightsCacheKind(directory: string): CacheKind<CachedInsights> {
  let made = 0
  return {
    stream: 'events',
    fits: (file) => families.some((family) => file.families?.includes(family) === true),
    async read(connection, files) {
      const database = `${cachePrefix}insights_${++made}`
      const queries = inParts(files, (some, first) => {
        const paths = fileList(some.map(({ name }) => `${directory}/${name}`))
        return cachedOf(
          paths,
          first,
          some.some((file) => hasColumn(file, reportColumn)),
        )
      })
      const { bytes } = await compressedTable(connection, database, queries, () => Promise.resolve())
      return { database, bytes }
    },
    drop: async (connection, { database }) => {
      await connection.run(`DETACH ${database}`)
    },
  }
}

export function cachedInsights({ names, parts }: CacheLease<CachedInsights>): CachedRows {
  return { names, sql: cachedSql(columns, parts) }
}

/** Events of the family. Cached packages and problems have no body; facts are reports, waivers and feeds. */
export function insightEvents(family: InsightFamily, input: ViewInput, cached?: CachedRows): string {
  const files = input.files.filter(({ name }) => cached?.names.has(name) !== true)
  const stored = `SELECT ${columns} FROM (${eventsOf(family, { ...input, files })})`
  return cached?.sql === undefined
    ? stored
    : `SELECT * FROM (${cached.sql}) WHERE family = '${family}' UNION ALL ${stored}`
}

/** 1: critical. */
export function severityRank(column: string): string {
  const list = severities.map((severity) => `'${severity}'`).join(', ')
  return `coalesce(list_position([${list}], ${column}), ${severities.length})::UTINYINT`
}
