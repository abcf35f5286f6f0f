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
  const pods = `SELECT cluster, namespace, name, owner_kind, owner_name,
      unnest(CAST(json_extract(data, '$.images') AS JSON[])) AS each FROM resources
      WHERE kind = 'Pod' AND ${asOf(at)} AND coalesce(phase, '') NOT IN ('Succeeded', 'Failed')${visible}`
  const owners = `SELECT cluster, namespace, kind, name, owner_kind, owner_name FROM resources
      WHERE kind IN ('ReplicaSet', 'Job') AND owner_name IS NOT NULL AND ${asOf(at)}`
  const workload = `coalesce(o.owner_kind || '/' || o.owner_name, p.owner_kind || '/' || p.owner_name,
      'Pod/' || p.name)`
  return `SELECT ${digest} AS digest, any_value(regexp_replace(each->>'$.image', '(@sha256:.*|:[^/:]*)$', '')) AS name,
      count(DISTINCT (p.cluster, p.namespace, p.name))::UINTEGER AS pods,
      list_sort(list(DISTINCT p.cluster)) AS clusters, list_sort(list(DISTINCT p.namespace)) AS namespaces,
      list_sort(list(DISTINCT p.namespace || '/' || ${workload})) AS workloads
      FROM (${pods}) p LEFT JOIN (${owners}) o ON p.cluster = o.cluster AND p.namespace = o.namespace
      AND p.owner_kind = o.kind AND p.owner_name = o.name WHERE ${digest} <> '' GROUP BY 1`
}

/** Pods by the digest of the reports, which may be another one of the same image. */
function runningSql(at: bigint, principal: Principal): string {
  const names = `SELECT DISTINCT image, unnest(list_append(aliases, image)) AS digest FROM images WHERE ${asOf(at)}`
  const pods = podsSql(at, principal)
  return `SELECT coalesce(n.image, p.digest) AS image, any_value(p.name) AS name, sum(p.pods)::UINTEGER AS pods,
      list_distinct(flatten(list(p.clusters))) AS clusters, list_distinct(flatten(list(p.namespaces))) AS namespaces,
      list_distinct(flatten(list(p.workloads))) AS workloads
      FROM (${pods}) p LEFT JOIN (${names}) n ON p.digest = n.digest GROUP BY 1`
}

const where = `coalesce(w.pods, 0)::UINTEGER AS pods, coalesce(w.clusters, []) AS clusters,
    coalesce(w.namespaces, []) AS namespaces, coalesce(w.workloads, []) AS workloads`

/**
 * A query with the columns of the list, for conditions on them. Principals that are restricted to namespaces see images
 * that run there. Without `withPods` the columns of pods are missing.
 */
export function insightRows(list: InsightList, at: bigint, principal: Principal, withPods = true): string {
  if (!withPods && list !== 'images') return `SELECT * FROM ${list} WHERE ${asOf(at)}`
  const running = runningSql(at, principal)
  const seen = principal.namespaces === undefined ? '' : ' WHERE w.pods > 0'
  if (list !== 'images')
    return `SELECT r.* EXCLUDE (data, ref), ${where} FROM (SELECT * FROM ${list} WHERE ${asOf(at)}) r
      LEFT JOIN (${running}) w ON r.image = w.image${seen}`
  const reports = `SELECT image, any_value(name) AS name, list_sort(list_distinct(flatten(list(tags)))) AS tags,
      any_value(os) AS os, any_value(architecture) AS architecture, list_sort(list(DISTINCT tool)) AS tools,
      max(packages)::UINTEGER AS packages, bool_or(problems IS NOT NULL) AS searched, min(valid_from) AS reported
      FROM images WHERE ${asOf(at)} GROUP BY image`
  const bySeverity = severities
    .map(
      (severity) =>
        `count(DISTINCT id) FILTER (severity = '${severity}' AND NOT waived)::UINTEGER AS "${severity.toLowerCase()}"`,
    )
    .join(', ')
  const found = `SELECT image, count(*)::UINTEGER AS findings,
      count(*) FILTER (fixed_version IS NOT NULL)::UINTEGER AS fixable,
      count(*) FILTER (waived)::UINTEGER AS waived, ${bySeverity} FROM problems
      WHERE ${asOf(at)} GROUP BY image`
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

/** Whether conditions on these fields, or the principal, need the pods. */
export function needsPods(list: InsightList, fields: readonly string[], principal: Principal): boolean {
  const columns = ['pods', 'clusters', 'namespaces', 'workloads']
  return list === 'images' || principal.namespaces !== undefined || fields.some((field) => columns.includes(field))
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
