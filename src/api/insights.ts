/** Rows of packages, problems and images, with the pods that run the image at a time. */
import { severities } from '../model/image-insights.ts'
import { objectScope } from './access/scope.ts'
import type { Principal } from './access/principal.ts'
import { asOf } from './objects.ts'

export type InsightList = 'packages' | 'problems' | 'images'

const digest = "regexp_extract(each->>'$.id', 'sha256:[0-9a-f]{64}')"

/**
 * Pods by the digest that runs: `digest`, `pods`, `clusters`, `namespaces`, `workloads`. Owners of a pod's owner count:
 * a pod of a replica set belongs to its deployment. Restricted to what the principal may see.
 */
function podsSql(at: bigint, principal: Principal): string {
  const scope = objectScope(principal)
  const visible = scope === undefined ? '' : ` AND ${scope}`
  const objects = `SELECT cluster, namespace, kind, name, owner_kind, owner_name,
      CASE WHEN kind = 'Pod' AND coalesce(phase, '') NOT IN ('Succeeded', 'Failed')
      THEN CAST(json_extract(data, '$.images') AS JSON[]) END AS images FROM image_pods WHERE ${asOf(at)}${visible}`
  const workload = `coalesce(o.owner_kind || '/' || o.owner_name, p.owner_kind || '/' || p.owner_name,
      'Pod/' || p.name)`
  return `WITH objects AS MATERIALIZED (${objects})
      SELECT ${digest} AS digest, any_value(regexp_replace(each->>'$.image', '(@sha256:.*|:[^/:]*)$', '')) AS name,
      count(DISTINCT (p.cluster, p.namespace, p.name))::UINTEGER AS pods,
      list_sort(list(DISTINCT p.cluster)) AS clusters, list_sort(list(DISTINCT p.namespace)) AS namespaces,
      list_sort(list(DISTINCT p.namespace || '/' || ${workload})) AS workloads
      FROM (SELECT * EXCLUDE (images), unnest(images) AS each FROM objects) p
      LEFT JOIN objects o ON p.cluster = o.cluster AND p.namespace = o.namespace
      AND p.owner_kind = o.kind AND p.owner_name = o.name AND o.owner_name IS NOT NULL AND o.kind <> 'Pod'
      WHERE ${digest} <> '' GROUP BY 1`
}

/** Pods by the digest of the reports, which may be another one of the same image. */
function runningSql(at: bigint, principal: Principal): string {
  const names = `SELECT DISTINCT image, unnest(list_append(aliases, image)) AS digest FROM image_reports
      WHERE ${asOf(at)}`
  const pods = podsSql(at, principal)
  return `SELECT coalesce(n.image, p.digest) AS image, any_value(p.name) AS name, sum(p.pods)::UINTEGER AS pods,
      list_distinct(flatten(list(p.clusters))) AS clusters, list_distinct(flatten(list(p.namespaces))) AS namespaces,
      list_distinct(flatten(list(p.workloads))) AS workloads
      FROM (${pods}) p LEFT JOIN (${names}) n ON p.digest = n.digest GROUP BY 1`
}

const where = `coalesce(w.pods, 0)::UINTEGER AS pods, coalesce(w.clusters, []) AS clusters,
    coalesce(w.namespaces, []) AS namespaces, coalesce(w.workloads, []) AS workloads`

export interface InsightQuery {
  readonly list: InsightList
  /** µs. */
  readonly at: bigint
  readonly principal: Principal
  /** Fields of the conditions. */
  readonly fields: readonly string[]
}

/**
 * Rows of the list at a time, with columns for conditions. Principals that are restricted to namespaces see images that
 * run there. Columns of pods are missing if neither a condition nor the principal needs them: see {@link withPods}.
 */
export function insightRows(query: InsightQuery): string {
  const { list, at, principal } = query
  if (list === 'images') return imageRows(at, principal)
  const seen = principal.namespaces === undefined ? '' : ' WHERE w.pods > 0'
  const pods = needsPods(query)
    ? [`, ${where}`, ` LEFT JOIN (${runningSql(at, principal)}) w ON r.image = w.image${seen}`]
    : ['', '']
  // The validity of a row needs all reports that have it; that of a report is enough to know its current rows.
  if (needsValidity(query))
    return `SELECT r.* EXCLUDE (data, ref)${pods[0]} FROM (SELECT * FROM ${list} WHERE ${asOf(at)}) r${pods[1]}`
  const [rows, reports] =
    list === 'packages' ? ['package_rows', 'package_reports'] : ['problem_rows', 'problem_reports']
  return `WITH current AS MATERIALIZED
      (SELECT r.*${pods[0]} FROM (SELECT * FROM ${reports} WHERE ${asOf(at)}) r${pods[1]})
      SELECT p.* EXCLUDE (report), c.* EXCLUDE (report) FROM ${rows} p JOIN current c ON p.report = c.report`
}

/** Adds the pods to few rows. */
export function withPods(rows: string, query: InsightQuery): string {
  if (needsPods(query)) return rows
  return `SELECT r.*, ${where} FROM (${rows}) r LEFT JOIN (${runningSql(query.at, query.principal)}) w
      ON r.image = w.image`
}

function imageRows(at: bigint, principal: Principal): string {
  const running = runningSql(at, principal)
  const seen = principal.namespaces === undefined ? '' : ' WHERE w.pods > 0'
  const reports = `SELECT image, any_value(name) AS name, list_sort(list_distinct(flatten(list(tags)))) AS tags,
      any_value(os) AS os, any_value(architecture) AS architecture, list_sort(list(DISTINCT tool)) AS tools,
      max(packages)::UINTEGER AS packages, bool_or(problems IS NOT NULL) AS searched, min(valid_from) AS reported
      FROM image_reports WHERE ${asOf(at)} GROUP BY image`
  const bySeverity = severities
    .map(
      (severity) =>
        `count(*) FILTER (severity = '${severity}' AND counted > 0)::UINTEGER AS "${severity.toLowerCase()}"`,
    )
    .join(', ')
  // Distinct ids: grouping twice costs less than counting distinct values for each severity.
  const ids = `SELECT image, id, severity, count(*) AS findings, count(fixed_version) AS fixable,
      count(*) FILTER (waived) AS waived, count(*) FILTER (NOT waived) AS counted
      FROM (${insightRows({ list: 'problems', at, principal: { ...principal, namespaces: undefined }, fields: [] })})
      GROUP BY ALL`
  const found = `SELECT image, sum(findings)::UINTEGER AS findings, sum(fixable)::UINTEGER AS fixable,
      sum(waived)::UINTEGER AS waived, ${bySeverity} FROM (${ids}) GROUP BY image`
  const counts = ['findings', 'fixable', 'waived', ...severities.map((severity) => severity.toLowerCase())]
    .map((name) => `CASE WHEN r.searched THEN coalesce(f."${name}", 0) END AS "${name}"`)
    .join(', ')
  return `SELECT coalesce(r.image, w.image) AS image, coalesce(r.name, w.name) AS name, coalesce(r.tags, []) AS tags,
      r.os, r.architecture, coalesce(r.tools, []) AS tools, r.packages, ${counts},
      (r.packages IS NOT NULL OR coalesce(r.searched, false)) AS scanned,
      r.reported, ${where} FROM (${reports}) r FULL JOIN (${running}) w ON r.image = w.image
      LEFT JOIN (${found}) f ON r.image = f.image${seen}`
}

const padded = (count: string): string => `lpad((999999999 - coalesce(${count}, 0))::BIGINT::VARCHAR, 9, '0')`

const podFields = ['pods', 'clusters', 'namespaces', 'workloads']

function needsPods({ list, fields, principal }: InsightQuery): boolean {
  return list === 'images' || principal.namespaces !== undefined || fields.some((field) => podFields.includes(field))
}

function needsValidity({ fields }: InsightQuery): boolean {
  return fields.some((field) => field === 'valid_from' || field === 'valid_to')
}

/** Texts, so that a cursor holds the last row. */
export const insightOrder: Readonly<Record<InsightList, readonly string[]>> = {
  packages: ['name', "coalesce(version, '')", 'image', 'tool', "coalesce(type, '')", "coalesce(purl, '')"],
  problems: [
    'severity_rank::VARCHAR',
    padded('score * 1000'),
    'id',
    'image',
    "coalesce(package, '')",
    "coalesce(version, '')",
    "coalesce(purl, '')",
    'tool',
  ],
  images: [padded('critical'), padded('high'), padded('findings'), "coalesce(name, '')", 'image'],
}

/** Columns that the words of a search may be in. */
export const insightTexts: Readonly<Record<InsightList, readonly string[]>> = {
  packages: ['name', 'version', 'purl', 'image_name', 'image'],
  problems: ['id', 'package', 'version', 'image_name', 'image'],
  images: ['name', 'image', "array_to_string(tags, ' ')", "array_to_string(workloads, ' ')"],
}
