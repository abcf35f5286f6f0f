import { severities, type FeedName } from '../../model/image-insights.ts'
import type { Dialect } from '../../query/index.ts'
import { objectScope, type Viewer } from '../scope.ts'
import { withExposure, type Traffic } from './exposure.ts'
import { exposures, type FlawSort, type InsightList, type ProblemSort } from './schema.ts'
import { scoredId } from '../../store/insights/scores.ts'
import { asOf, textConditions } from '../conditions.ts'

/**
 * Pods by the digest of the reports, which may be another one of the same image: `image`, `name`, `pods`, `clusters`,
 * `namespaces`, `workloads`. Owners of a pod's owner count: a pod of a replica set belongs to its deployment.
 * Restricted to what the viewer may see.
 */
function runningSql({ at, dialect, viewer }: InsightContext): string {
  const { collectedFew, jsonItems, jsonMember, jsonText, stored } = dialect
  const scope = objectScope(viewer, dialect)
  const visible = scope === undefined ? '' : ` AND ${scope}`
  const objects = `SELECT cluster, namespace, kind, name, owner_kind, owner_name,
      CASE WHEN kind = 'Pod' AND coalesce(phase, '') NOT IN ('Succeeded', 'Failed')
      THEN ${jsonMember('data', 'images')} END AS images FROM image_pods WHERE ${asOf(at, dialect)}${visible}`
  const items = `SELECT cluster, namespace, name, owner_kind, owner_name, ${jsonItems('images')} AS item FROM objects`
  const images = `SELECT cluster, namespace, name, owner_kind, owner_name,
      regexp_extract(${jsonText('item', ['id'])}, 'sha256:[0-9a-f]{64}', 0) AS digest,
      regexp_replace(${jsonText('item', ['image'])}, '(@sha256:.*|:[^/:]*)$', '') AS image_name FROM (${items})`
  const names = `SELECT DISTINCT image, digest FROM image_digests WHERE ${asOf(at, dialect)}`
  const workload = `coalesce(o.owner_kind || '/' || o.owner_name, p.owner_kind || '/' || p.owner_name,
      'Pod/' || p.name)`
  return `WITH ${stored('objects', objects)}
      SELECT image, any_value(image_name) AS name, length(${collectedFew('pod')}) AS pods,
      ${collectedFew('pod_cluster')} AS clusters, ${collectedFew('pod_namespace')} AS namespaces,
      ${collectedFew('workload')} AS workloads
      FROM (SELECT coalesce(n.image, p.digest) AS image, p.image_name AS image_name, p.cluster AS pod_cluster,
      p.namespace AS pod_namespace, p.digest || p.cluster || '/' || p.namespace || '/' || p.name AS pod,
      p.namespace || '/' || ${workload} AS workload
      FROM (SELECT * FROM (${images}) WHERE digest <> '') p LEFT JOIN (${names}) n ON p.digest = n.digest
      LEFT JOIN (SELECT * FROM objects WHERE owner_name IS NOT NULL AND kind <> 'Pod') o
      ON p.cluster = o.cluster AND p.namespace = o.namespace AND p.owner_kind = o.kind AND p.owner_name = o.name)
      GROUP BY image`
}

const podColumns = `coalesce(w.pods, 0)::INTEGER AS pods, coalesce(w.clusters, []) AS clusters,
    coalesce(w.namespaces, []) AS namespaces, coalesce(w.workloads, []) AS workloads`

type InsightContext = Readonly<{
  dialect: Dialect
  /** Time in µs. */
  at: bigint
  viewer: Viewer
}>

export interface InsightSelection extends InsightContext {
  readonly list: InsightList
  /** Fields that the conditions of the filter read. */
  readonly fields: readonly string[]
  readonly sort?: ProblemSort
  /** Words that must each be in a text of the row. */
  readonly words?: readonly string[]
  /** Traffic, which conditions on `exposure` require. */
  readonly traffic?: Traffic
}

/**
 * Rows of the list at a time, with columns for conditions. With namespaces of the viewer, images that run there.
 * Columns of pods and scores are missing if neither a condition, nor the order or the viewer needs them: see
 * {@link withRest}.
 */
export function insightRows(query: InsightSelection): string {
  const { dialect, list, traffic } = query
  const rows = list === 'images' ? imageRows(query) : reportRows(query)
  const exposedRows = traffic === undefined ? rows : withExposure(rows, traffic, dialect)
  return needsScores(query) ? scored(exposedRows, dialect) : exposedRows
}

function reportRows(query: InsightSelection): string {
  const { at, dialect, list, viewer } = query
  const { allBut, stored } = dialect
  const validTest = asOf(at, dialect)
  const visibleTest = viewer.namespaces === undefined ? '' : ' WHERE w.pods > 0'
  const pods = needsPods(query)
    ? [`, ${podColumns}`, ` LEFT JOIN (${runningSql(query)}) w ON r.image = w.image${visibleTest}`]
    : ['', '']
  // The validity of a row needs all reports that have it; that of a report is enough to know its current rows.
  if (readsView(query))
    return `SELECT ${allBut('r', ['data', 'ref', ...(list === 'problems' ? ['epss', 'kev'] : [])])}${pods[0]}
      FROM (SELECT * FROM ${list} WHERE ${validTest}) r${pods[1]}`
  const [rows, reports] =
    list === 'packages' ? ['package_rows', 'package_reports'] : ['problem_rows', 'problem_reports']
  const words = wordsOf(query)
  const inReport = words.map(({ inReport: test }, at) => `, ${test} AS word_${at}`).join('')
  const current = `SELECT r.*${inReport}${pods[0]} FROM (SELECT * FROM ${reports} WHERE ${validTest}) r${pods[1]}`
  const joinedRows = (columns: string, chosen: string): string =>
    `SELECT ${allBut('p', ['report'])}, ${allBut('c', ['report'])} FROM ${columns} p
      JOIN ${chosen} c ON p.report = c.report`
  if (words.length === 0) return `WITH ${stored('current_reports', current)} ${joinedRows(rows, 'current_reports')}`
  // Few reports have a word themselves, so that most rows are compared before the join.
  const rowMatchesAll = words.map(({ inRow }) => inRow).join(' AND ')
  const matchingReports = `SELECT * FROM current_reports WHERE ${words.map((_, at) => `word_${at}`).join(' OR ')}`
  const wordTests = words.map(({ inRow }, at) => `(word_${at} OR ${inRow})`).join(' AND ')
  return `WITH ${stored('current_reports', current)} SELECT * FROM (
      ${joinedRows(`(SELECT * FROM ${rows} WHERE ${rowMatchesAll})`, 'current_reports')} UNION ALL
      ${joinedRows(`(SELECT * FROM ${rows} WHERE NOT (${rowMatchesAll}))`, `(${matchingReports})`)} WHERE ${wordTests})`
}

/** Number of all rows, from the numbers of the reports. */
export function insightTotal({ list, at, dialect }: InsightSelection): string {
  const [counts, reports] =
    list === 'packages' ? ['package_counts', 'package_reports'] : ['problem_counts', 'problem_reports']
  return `SELECT coalesce(sum(p.rows), 0) AS n FROM ${counts} p
      JOIN (SELECT * FROM ${reports} WHERE ${asOf(at, dialect)}) c ON p.report = c.report`
}

type Bound = Readonly<{
  /** Keys of the row at the offset, without regard to time. */
  sql: string
  /** Condition of the rows that precede the row at the offset, or equal it. */
  conditionOf: (row: Readonly<Record<string, unknown>>) => string
}>

/** Stores sort rows by the first keys of the order, so that a page up to a bound reads few of them. */
export function boundOf({ list, sort = 'severity', dialect }: InsightSelection, offset: number): Bound | undefined {
  if (list === 'packages')
    return {
      sql: `SELECT name AS bound FROM package_rows ORDER BY name LIMIT 1 OFFSET ${offset}`,
      conditionOf: ({ bound }) => `name <= ${dialect.text(String(bound))}`,
    }
  if (list !== 'problems' || sort !== 'severity') return undefined
  return {
    sql: `SELECT severity_rank AS bound, ${scoreKey} AS least FROM problem_rows
      ORDER BY severity_rank, ${scoreKey} DESC LIMIT 1 OFFSET ${offset}`,
    conditionOf: ({ bound, least }) =>
      `severity_rank <= ${Number(bound)} AND (severity_rank < ${Number(bound)} OR ${scoreKey} >= ${Number(least)})`,
  }
}

const scoreKey = 'round(coalesce(score * 1000, 0))'

/** Adds the columns that {@link insightRows} omits to few rows. */
export function withRest(rows: string, query: InsightSelection): string {
  const scoredRows = query.list === 'problems' && !needsScores(query) ? scored(rows, query.dialect) : rows
  return needsPods(query) ? scoredRows : withPods(scoredRows, query)
}

/** Adds the columns `epss` and `kev`; they are NULL without the feed. */
function scored(rows: string, { truth, listText }: Dialect): string {
  const cve = scoredId('r.id', listText('r.aliases'))
  // Aliases must not equal column names of the rows: ClickHouse would qualify those.
  const scoresOf = (feed: FeedName): string =>
    `SELECT id AS ${feed}_id, score AS ${feed}_score FROM problem_scores WHERE feed = '${feed}'`
  return `SELECT r.*, e.epss_score AS epss,
      CASE WHEN (SELECT count(*) FROM (${scoresOf('kev')} LIMIT 1)) > 0 THEN ${truth('k.kev_id IS NOT NULL')} END AS kev
      FROM (${rows}) r LEFT JOIN (${scoresOf('epss')}) e ON ${cve} = e.epss_id LEFT JOIN (${scoresOf('kev')}) k
      ON ${cve} = k.kev_id`
}

function withPods(rows: string, query: InsightSelection): string {
  return `SELECT r.*, ${podColumns} FROM (${rows}) r LEFT JOIN (${runningSql(query)}) w ON r.image = w.image`
}

function imageRows(context: InsightContext): string {
  const { at, dialect, viewer } = context
  const { anyTrue, collectedFew, merged, truth } = dialect
  const runningPods = runningSql(context)
  const visibleTest = viewer.namespaces === undefined ? '' : ' WHERE w.pods > 0'
  const reports = `SELECT image, any_value(name) AS name, ${merged('tags')} AS tags, any_value(os) AS os,
      any_value(architecture) AS architecture, ${collectedFew('tool')} AS tools, max(packages) AS packages,
      ${anyTrue('problems IS NOT NULL')} AS searched, min(valid_from) AS reported
      FROM image_reports WHERE ${asOf(at, dialect)} GROUP BY image`
  const bySeverity = severities
    .map(
      (severity) => `count(*) FILTER (WHERE severity = '${severity}' AND counted > 0) AS "${severity.toLowerCase()}"`,
    )
    .join(', ')
  // Distinct flaws, whichever of its ids a tool reports: grouping twice costs less than counting distinct values.
  const flaw = scoredId('id', dialect.listText('aliases'))
  const unlimitedViewer = { ...viewer, namespaces: undefined }
  const all = insightRows({ at, dialect, list: 'problems', viewer: unlimitedViewer, fields: [] })
  const ids = `SELECT image, ${flaw} AS flaw, severity, count(*) AS all_findings, count(fixed_version) AS all_fixable,
      count(*) FILTER (WHERE waived) AS all_waived, count(*) FILTER (WHERE NOT waived) AS counted
      FROM (${all}) GROUP BY image, flaw, severity`
  const sums = `SELECT image, sum(all_findings) AS findings, sum(all_fixable) AS fixable, sum(all_waived) AS waived,
      ${bySeverity} FROM (${ids}) GROUP BY image`
  const counts = ['findings', 'fixable', 'waived', ...severities.map((severity) => severity.toLowerCase())]
    .map((name) => `CASE WHEN r.searched THEN coalesce(f."${name}", 0)::INTEGER END AS "${name}"`)
    .join(', ')
  return `SELECT coalesce(r.image, w.image) AS image, coalesce(r.name, w.name) AS name, coalesce(r.tags, []) AS tags,
      r.os AS os, r.architecture AS architecture, coalesce(r.tools, []) AS tools, r.packages AS packages, ${counts},
      ${truth('coalesce(r.searched, false)')} AS scanned,
      r.reported AS reported, ${podColumns} FROM (${reports}) r FULL JOIN (${runningPods}) w ON r.image = w.image
      LEFT JOIN (${sums}) f ON r.image = f.image${visibleTest}`
}

const padded = (count: string): string =>
  `lpad(CAST(CAST(999999999 - round(coalesce(${count}, 0)) AS BIGINT) AS VARCHAR), 9, '0')`

const podFields = ['pods', 'clusters', 'namespaces', 'workloads', 'exposure']

/** True if the condition, the order or the viewer needs the pods of each image. */
export function needsPods({ list, fields, viewer }: InsightSelection): boolean {
  return list === 'images' || viewer.namespaces !== undefined || fields.some((field) => podFields.includes(field))
}

function needsScores({ list, fields, sort = 'severity' }: InsightSelection): boolean {
  return list === 'problems' && (sort !== 'severity' || fields.includes('epss') || fields.includes('kev'))
}

function needsValidity({ fields }: InsightSelection): boolean {
  return fields.some((field) => field === 'valid_from' || field === 'valid_to')
}

/** Whether the statement reads the view. Facts are few. */
function readsView(query: InsightSelection): boolean {
  return query.list === 'facts' || needsValidity(query)
}

const orders: Readonly<Record<InsightList, readonly string[]>> = {
  packages: ['name', "coalesce(version, '')", 'image', 'tool', "coalesce(type, '')", "coalesce(purl, '')"],
  problems: [
    'CAST(severity_rank AS VARCHAR)',
    padded('score * 1000'),
    'id',
    'image',
    "coalesce(package, '')",
    "coalesce(version, '')",
    "coalesce(purl, '')",
    'tool',
  ],
  facts: ["coalesce(category, '')", "coalesce(name, '')", 'image', "coalesce(value, '')", 'tool'],
  images: [padded('critical'), padded('high'), padded('findings'), "coalesce(name, '')", 'image'],
}

const byEpss = padded('epss * 1000000')
const moreOrder: Readonly<Record<ProblemSort, readonly string[]>> = {
  severity: [],
  epss: [byEpss],
  priority: ["CASE WHEN kev THEN '0' ELSE '1' END", byEpss],
}

/** The keys of an order as columns of a row. */
export const keyColumns = (order: readonly string[]): string =>
  order.map((expression, key) => `${expression} AS k${key}`).join(', ')
export const keyNames = (order: readonly string[]): readonly string[] => order.map((_, key) => `k${key}`)

/** Texts, so that a cursor holds the last row. */
export function insightOrder({ list, sort = 'severity' }: Pick<InsightSelection, 'list' | 'sort'>): readonly string[] {
  return [...(list === 'problems' ? moreOrder[sort] : []), ...orders[list]]
}

const textsOfRows = (list: 'facts' | 'packages' | 'problems', { listText }: Dialect): readonly string[] =>
  ({
    facts: ['category', 'name', 'value'],
    packages: ['name', 'version', 'purl'],
    problems: ['id', listText('aliases'), 'package', 'version'],
  })[list]
const textsOfReports = ['image_name', 'image'] as const

/** Conditions on rows, in which each word is in a text; {@link insightRows} has those of reports. */
export function wordConditions(query: InsightSelection): readonly string[] {
  const { dialect, list, words = [] } = query
  if (list !== 'images' && !readsView(query)) return []
  const texts =
    list === 'images'
      ? ['name', 'image', dialect.listText('tags'), dialect.listText('workloads')]
      : [...textsOfRows(list, dialect), ...textsOfReports]
  return words.flatMap((word) => textConditions(dialect, word, texts))
}

/** Two conditions for each word: the report has it, and the row has it. */
function wordsOf(query: InsightSelection): readonly Readonly<{ inReport: string; inRow: string }>[] {
  const { dialect, list, words = [] } = query
  if (list === 'images') return []
  const test = (word: string, texts: readonly string[]): string => textConditions(dialect, word, texts).join()
  const ofReport = textsOfReports.map((name) => `r.${name}`)
  return words.map((word) => ({ inReport: test(word, ofReport), inRow: test(word, textsOfRows(list, dialect)) }))
}

/** Place in {@link exposures}; 3.5: no flows are known, so that an image that runs precedes one that does not. */
const reach = `CASE exposure ${exposures.map((name, rank) => `WHEN '${name}' THEN ${rank}`).join(' ')} ELSE 3.5 END`

/** A row for each flaw in rows of {@link insightRows} with pods, scores and traffic. */
export function flawRows(query: InsightSelection, conditions: readonly string[]): string {
  const { anyTrue, collectedFew, listText, merged, truth } = query.dialect
  const whereClause = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const flaw = scoredId('id', listText('aliases'))
  // Pods count once for an image, also if several tools report the flaw.
  const byImage = `SELECT ${flaw} AS flaw, image, any_value(image_name) AS image_name, ${collectedFew('id')} AS ids,
      ${merged('aliases')} AS aliases, min(severity_rank) AS severity_rank, max(score) AS score,
      ${collectedFew('package')} AS packages, ${collectedFew('fixed_version')} AS fixed_versions,
      count(*) FILTER (WHERE NOT waived) AS open, max(epss) AS epss, ${anyTrue('kev')} AS kev,
      count(*) AS findings, count(fixed_version) AS fixable, min(${reach}) AS reach,
      max(pods) AS pods, any_value(clusters) AS clusters, any_value(namespaces) AS namespaces,
      any_value(workloads) AS workloads FROM (${insightRows(query)})${whereClause} GROUP BY 1, 2`
  return `SELECT flaw AS id, ${merged('ids')} AS ids, ${merged('aliases')} AS aliases,
      min(severity_rank) AS severity_rank, max(score) AS score, ${merged('packages')} AS packages,
      ${merged('fixed_versions')} AS fixed_versions, ${truth('sum(open) = 0')} AS waived, max(epss) AS epss,
      ${anyTrue('kev')} AS kev, count(*) AS images, ${collectedFew('image_name')} AS image_names,
      sum(findings) AS findings, sum(fixable) AS fixable, min(reach) AS reach,
      sum(pods) AS pods, ${merged('clusters')} AS clusters, ${merged('namespaces')} AS namespaces,
      ${merged('workloads')} AS workloads FROM (${byImage}) GROUP BY flaw`
}

const flawKeys = ['CAST(severity_rank AS VARCHAR)', byEpss, padded('score * 1000'), 'id']
const exploitedKey = "CASE WHEN kev THEN '0' ELSE '1' END"
const flawOrders: Readonly<Record<FlawSort, readonly string[]>> = {
  reach: ["CASE WHEN waived THEN '1' ELSE '0' END", 'CAST(reach AS VARCHAR)', exploitedKey],
  severity: [],
  epss: [byEpss],
  priority: [exploitedKey, byEpss],
}

/** Texts, so that a cursor holds the last row. */
export const flawOrder = (sort: FlawSort): readonly string[] => [...flawOrders[sort], ...flawKeys]

/** Numbers of problems by severity, worst first. */
export function severitySumsSql(query: InsightSelection, conditions: readonly string[]): string {
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  return `SELECT severity, count(DISTINCT id) AS ids, count(*) AS findings, count(fixed_version) AS fixable,
      count(*) FILTER (WHERE waived) AS waived, count(DISTINCT image) AS images FROM (${insightRows(query)})${filter}
      GROUP BY severity ORDER BY min(severity_rank)`
}
