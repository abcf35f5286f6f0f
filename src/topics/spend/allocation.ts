import { inventoryProviderSql } from '../cloud-names.ts'

/** Tags that name a namespace of Kubernetes: of own reports, kubecost and OpenCost, and of AWS for EKS. */
const namespaceTags = ['namespace', 'kubernetes_namespace', 'kubernetes.io/namespace', 'aws:eks:namespace'] as const

/** The namespace that a row of costs names. */
const tagsInOrder = namespaceTags.map((tag) => `json_extract_string(tags, '$."${tag}"')`)
export const namespaceTag = `coalesce(${tagsInOrder.join(', ')})`

/** A finding counts for each day at the end of which it was valid. */
const findings = `SELECT provider AS finding_provider, id AS finding_id, valid_from, valid_to
      FROM inventory WHERE finding IS NOT NULL`

const dayEnd = `CAST(s.day || 'T00:00:00Z' AS TIMESTAMPTZ) + INTERVAL 1 DAY`

/** Rows of `spend` with the column `allocation`: `idle`, `shared` or `allocated`. */
export const allocatedRows = `(SELECT s.*, CASE
      WHEN s.resource IS NOT NULL AND EXISTS (SELECT 1 FROM (${findings}) f
        WHERE f.finding_provider = ${inventoryProviderSql('s.provider')}
        AND f.finding_id = regexp_extract(s.resource, '[^/:]+$')
        AND f.valid_from < ${dayEnd} AND (f.valid_to IS NULL OR f.valid_to >= ${dayEnd})) THEN 'idle'
      WHEN s.resource IS NULL AND ${namespaceTag} IS NULL THEN 'shared' ELSE 'allocated' END AS allocation
      FROM spend s)`
